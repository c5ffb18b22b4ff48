"""A small crowd by links over HTTP, with the network's faults; `benchmarks annotate` has 200."""

from pathlib import Path

from benchmarks import annotate, participants


def test_clumsy_participants_lose_no_word_and_are_paid_what_they_count(tmp_path: Path) -> None:
    workspace = annotate.workspace(
        tmp_path / "w",
        units=8,
        cap=participants.CAP,
        pay_per_unit=float(participants.PAY),
        currency="GBP",
    )
    with annotate.app(workspace, login=True) as (address, _):
        notes = participants.run(workspace, address, 1, count=10)
    ends = participants.check(workspace, 1, notes)
    assert ends["completed"] >= 3
    assert sum(ends.values()) == len(notes)
