"""The benchmark command: what it writes, what it refuses, and that small runs of it work."""

import json
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks import allocation, exemplars


def test_measurements_are_written_as_they_were_promised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure = exemplars.measure
    monkeypatch.setattr(exemplars, "measure", lambda: measure(images=16, batch_size=8, rounds=1))
    assert command.main(["exemplars", "--json", str(tmp_path / "found.json")]) == 0
    found = json.loads((tmp_path / "found.json").read_text())
    assert [each["name"] for each in found] == ["exemplars", "exemplars, memory"]
    for each in found:
        assert set(each) == {"name", "ours", "baseline", "unit", "ratio", "what"}
        assert each["ratio"] == pytest.approx(each["ours"] / each["baseline"])


def test_memory_is_kept_and_returned_in_processes_of_their_own() -> None:
    seconds, gigabytes = allocation.measure(batch_size=1, batches=1, rounds=1)
    assert seconds.ours > 0 < seconds.baseline
    assert 0.1 < gigabytes.baseline < 8


def test_an_unknown_benchmark_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["speed"])
    assert "expected names of exemplars" in capsys.readouterr().err


@pytest.mark.benchmark
def test_exemplars_cost_little_beside_the_forward_pass() -> None:
    time, memory = exemplars.measure()
    assert time.ratio <= 1.25
    assert memory.ours < 2.0
