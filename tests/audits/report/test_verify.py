"""Reports that a third party checks: the signature, every line, and the numbers themselves."""

import json
import re
import stat
from pathlib import Path

import pytest

import app
from audits.ablation import plan as ablation_plan
from audits.ablation.job import ablate
from audits.report import gather, signing, verify
from db import jobs
from db.audit import signoffs
from db.describe import exemplars, subjects
from db.errors import BadInput
from db.jobs import Watch
from db.workspace import Workspace, create, open_database
from describer import workspace_files
from helpers.worlds import coloured_images, two_layer_subject


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A signed report on an ablation; beside it lie its network and images."""
    files = tmp_path_factory.mktemp("lab")
    subject = two_layer_subject(files / "net")
    workspace = create(files / "workspace")
    with open_database(workspace) as db:
        workspace_files.enter_subject(db, subject)
        for place, name in enumerate(("validation", "test")):
            workspace_files.enter_images(db, coloured_images(files / name, count=8, seed=place))
        row = subjects.get(db, "two-layers")
        made = exemplars.add(
            db,
            hash="0" * 40,
            subject_id=row.subject_id,
            probing_set_id=None,
            layer="late",
            units=8,
            k=3,
            folder="",
            provenance={},
        )
        for unit in exemplars.units_of(db, made.exemplar_set_id)[:3]:
            signoffs.add(
                db, unit.unit_id, person="ada", verdict="confirmed", concept="text", seen={}
            )
        how = ablation_plan.How(controls=2)
        plan = ablation_plan.Plan("two-layers", "text", "validation", "test", how)
        ablation_plan.enqueue(db, plan, device="cpu", person="ada")
    jobs.work(workspace, {"ablate": ablate})
    write(workspace, files)
    return files


def write(workspace: Workspace, files: Path) -> None:
    with open_database(workspace) as db:
        found = gather.gather(db, concept="text")
    gather.write(workspace, found, html=files / "r.html", json_file=files / "r.json")


def folders(lab: Path) -> dict[str, Path]:
    return {name: lab / name for name in ("validation", "test")}


def test_a_report_is_signed_and_both_files_stay_what_they_are(lab: Path) -> None:
    key = signing.public_of(signing.key_of(Workspace(lab / "workspace")))
    for name in ("r.json", "r.html"):
        found = verify.verify(lab / name, public_key=key)
        assert (found.public_key, found.changed) == (key, ())
        assert key in (lab / name).read_text("utf-8")
    values = json.loads((lab / "r.json").read_text("utf-8"))
    assert values["signed_by"] == key
    assert stat.S_IMODE((lab / "workspace" / "report-key").stat().st_mode) == 0o600


def test_a_dossier_holds_sheets_cards_and_what_ran(lab: Path) -> None:
    values = json.loads((lab / "r.json").read_text("utf-8"))
    sheets = {each["name"]: each for each in values["images"]}
    assert {*sheets} == {"validation", "test"}
    data = values["experiments"][0]["summary"]["data"]
    assert sheets["test"]["hashes"] == [data["test"]["digest"]]
    assert sheets["test"]["images"] == 16
    assert sheets["test"]["used_for"] == ["test images of ablation 1"]
    (card,) = values["cards"]
    assert card["weights"] == values["experiments"][0]["summary"]["weights"]
    assert len(card["accuracies"]) == 2
    assert re.fullmatch(r"[\w.+]+ sha256:[0-9a-f]{64}", values["environment"]["torch"])
    html = (lab / "r.html").read_text("utf-8")
    assert "Data sheet of the images" in html
    assert "Cards of the networks" in html


def test_the_same_data_give_the_same_signed_bytes(lab: Path) -> None:
    before = [(lab / name).read_bytes() for name in ("r.json", "r.html")]
    write(Workspace(lab / "workspace"), lab)
    assert [(lab / name).read_bytes() for name in ("r.json", "r.html")] == before


@pytest.mark.parametrize("name", ["r.json", "r.html"])
def test_a_changed_digit_is_found_and_named(lab: Path, tmp_path: Path, name: str) -> None:
    text = (lab / name).read_text("utf-8")
    pattern = r'"accuracy": 0\.(\d)' if name == "r.json" else r"draw 2: [^<]*?(\d)"
    place = re.search(pattern, text)
    assert place is not None
    digit = str((int(place[1]) + 1) % 10)
    (tmp_path / name).write_text(text[: place.start(1)] + digit + text[place.end(1) :], "utf-8")
    found = verify.verify(tmp_path / name)
    (sentence,) = found.changed
    assert sentence.startswith(f"line {1 + text[: place.start(1)].count(chr(10))} was changed")
    assert app.main(["verify", str(tmp_path / name)]) != 0


def test_a_signature_of_another_key_or_of_other_lines_is_refused(lab: Path, tmp_path: Path) -> None:
    text = (lab / "r.json").read_text("utf-8")
    with pytest.raises(BadInput, match="signed with the key 0000"):
        verify.verify(lab / "r.json", public_key="0" * 64)
    # Whoever changes a line and its hash has no key for the list.
    line = '  "concept": "text",'
    other = line.replace("text", "face")
    forged = text.replace(line, other).replace(signing._hash(line), signing._hash(other))
    assert forged != text
    (tmp_path / "r.json").write_text(forged, "utf-8")
    with pytest.raises(BadInput, match="does not belong to its public key"):
        verify.verify(tmp_path / "r.json")
    (tmp_path / "r.json").write_text('{\n  "concept": "text"\n}\n', "utf-8")
    with pytest.raises(BadInput, match="without a signature"):
        verify.verify(tmp_path / "r.json")


def test_the_numbers_are_measured_again(
    lab: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subject = lab / "net" / "SUBJECT.toml"
    subject = subject if subject.is_file() else next((lab / "net").rglob("*.toml"))
    images = [f"{name}={folder}" for name, folder in folders(lab).items()]
    told = ["verify", str(lab / "r.json"), "--network", str(subject), "--images", *images]
    assert app.main(told) == 0
    said = capsys.readouterr().out
    count = len(json.loads((lab / "r.json").read_text("utf-8"))["experiments"][0]["points"])
    assert f"ablation 1: {count} accuracies measured again, 0 differ" in said
    # A number that was wrong before it was signed is found by measuring alone.
    found = verify.verify(lab / "r.json")
    assert found.values is not None
    values = json.loads(json.dumps(found.values))
    values["experiments"][0]["points"][0]["accuracy"] += 0.125
    lying = verify.Verified(found.path, found.public_key, (), values)
    (measured,) = verify.again(lying, subject, folders(lab), Watch())
    assert len(measured.differences) == 1
    swapped = {"validation": lab / "test", "test": lab / "validation"}
    with pytest.raises(BadInput, match="expected the images 'validation' with the hash"):
        verify.again(found, subject, swapped, Watch())
