"""What a benchmark found: ours and a baseline, measured in the same run."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Measurement:
    """Two timings, or other costs, side by side.

    Attributes:
        name: of the benchmark, as `python -m benchmarks NAME` takes it.
        ours: what this project needs, lower is better.
        baseline: what it is compared with needs.
        unit: of both, such as "s/unit".
        ratio: baseline / ours; for benchmarks whose baseline is a bound, ours / baseline, and
            `what` says so.
        what: one sentence: what was measured against what.
    """

    name: str
    ours: float
    baseline: float
    unit: str
    ratio: float
    what: str
