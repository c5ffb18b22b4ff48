"""Run benchmarks: `python -m benchmarks [NAME …] [--json FILE]`, or `fuzz`, `kills`, `loads`.

Each prints what ours and the baseline needed, measured in the same run; `--json` also writes them
as a list of {"name", "ours", "baseline", "unit", "ratio", "what"}.
"""

import argparse
import importlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.measurement import Measurement

NAMES = ("exemplars", "describe", "ablation", "allocation", "annotate", "editing", "find")
# These say whether something holds, and have options of their own.
ATTACKS = ("fuzz", "kills", "loads")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks that are named, or all, and return the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0] in ATTACKS:
        return int(importlib.import_module(f"benchmarks.{given[0]}").main(given[1:]))
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the measurements to FILE")
    options = parser.parse_args(given)
    unknown = [name for name in options.names if name not in NAMES]
    if unknown:
        parser.error(f"expected names of {', '.join(NAMES)}, got {', '.join(unknown)}")
    found: list[Measurement] = []
    for name in options.names or NAMES:
        for each in importlib.import_module(f"benchmarks.{name}").measure():
            print(f"{each.name}: ours {each.ours:.4g} {each.unit}, baseline {each.baseline:.4g}")
            print(f"  ratio {each.ratio:.4g}: {each.what}", flush=True)
            found.append(each)
    if options.json:
        options.json.write_text(json.dumps([asdict(each) for each in found], indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
