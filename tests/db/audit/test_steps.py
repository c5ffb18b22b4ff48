"""What is done in each step of an audit is what stands, not what was ever begun."""

from pathlib import Path

from db import jobs
from db.audit import ablations, blind_review, signoffs, steps
from db.audit.steps import Done
from db.describe.descriptions import NewDescription
from db.describe.descriptions import add as describe
from db.workspace import create, open_database
from helpers.annotating import add_units


def test_an_empty_workspace_has_nothing_done(tmp_path: Path) -> None:
    with open_database(create(tmp_path / "w")) as db:
        assert steps.done(db) == Done(0, 0, 0, 0)


def test_only_what_stands_is_counted(tmp_path: Path) -> None:
    with open_database(create(tmp_path / "w")) as db:
        units = add_units(db, 5)
        # Two sentences about one unit describe one unit.
        said = [(units[0], "a"), (units[0], "b"), (units[1], "a"), (units[2], "a")]
        describe(db, [NewDescription(unit, way, "m", "face", -1.0) for unit, way in said])
        given = {
            (unit, concept): signoffs.add(
                db, unit, person="ada", verdict=verdict, concept=concept, seen={}
            )
            for unit, concept, verdict in (
                (units[0], "face", "confirmed"),
                (units[0], "dog", "confirmed"),
                (units[1], "face", "confirmed"),
                (units[2], "face", "rejected"),
            )
        }
        assert steps.done(db) == Done(described=3, confirmed=2, ablations=0, exports=0)
        signoffs.undo(db, given[units[1], "face"], person="ada")
        assert steps.done(db).confirmed == 1
        # With two reviewers, one confirmation is none yet.
        blind_review.require(db, 2, person="ada")
        assert steps.done(db).confirmed == 0


def test_an_experiment_counts_at_its_end(tmp_path: Path) -> None:
    with open_database(create(tmp_path / "w")) as db:
        add_units(db, 1)
        (subject_id,) = db.execute("select subject_id from subjects").fetchone()
        begun = ablations.add(db, subject_id=subject_id, request={"a": 1}, person="ada")
        ablations.add(db, subject_id=subject_id, request={"a": 2}, person="ada")
        assert steps.done(db).ablations == 0
        ablations.finish(db, begun, units=[1], summary={"units": [1]})
        assert steps.done(db).ablations == 1


def test_an_edit_counts_once_it_is_written(tmp_path: Path) -> None:
    with open_database(create(tmp_path / "w")) as db:
        for kind in ("export", "ablate"):
            jobs.enqueue(db, kind, {}, title=kind, device="cpu", person="ada")
        assert steps.done(db).exports == 0
        db.execute("update jobs set state = 'done'")
        assert steps.done(db).exports == 1
