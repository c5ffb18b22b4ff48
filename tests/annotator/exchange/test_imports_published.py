"""Published folders come into a workspace whole: sentences as a campaign, arrays as pictures."""

import csv
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import app
from db.annotate import annotations, campaigns
from db.describe import exemplars
from db.workspace import create, open_database
from describer import workspace_files
from helpers.worlds import coloured_images, two_layer_subject


def test_a_published_folder_brings_its_pictures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    published = tmp_path / "published" / "toy-net"
    subject, images = two_layer_subject(tmp_path / "subject"), coloured_images(tmp_path / "images")
    command = ["exemplars", subject, images, "--out", published, "--k", "5", "--images"]
    assert app.main([str(part) for part in command]) == 0
    for layer, units in (("early", 6), ("late", 8)):
        with (published / layer / "annotations.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("layer", "unit", "summary"))
            rows.writerows((layer, unit, f"sentence {n}") for unit in range(units) for n in (1, 2))
    workspace = create(tmp_path / "workspace")
    bring = ["annotations", "import", published.parent, "--workspace", workspace.path]
    assert app.main([*map(str, bring), "--campaign", "published"]) == 0
    assert "toy-net: pictures of 2 layers" in capsys.readouterr().out
    with open_database(workspace) as db:
        campaign = campaigns.named(db, "published")
        assert len(annotations.of_campaign(db, campaign.campaign_id)) == 28
        units = [exemplars.unit(db, each) for each in campaigns.unit_ids(db, campaign.campaign_id)]
    unit = next(each for each in units if each.layer == "late" and each.unit == 3)
    assert unit.k == 5
    shown = workspace_files.source_of(workspace, unit).unit("late", 3)
    stored = np.load(published / "late" / "images.npy")[3]
    np.testing.assert_array_equal(shown.images, stored)
    grid = Image.open(BytesIO(workspace_files.picture_of(workspace, unit.unit_id, "grid")))
    assert grid.format == "JPEG"


def test_sentences_without_arrays_come_without_pictures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "toy-net" / "late" / "annotations.csv"
    table.parent.mkdir(parents=True)
    table.write_text("layer,unit,summary\nlate,0,fur\n")
    bring = ["annotations", "import", tmp_path / "toy-net", "--workspace", tmp_path / "w"]
    assert app.main([*map(str, bring)]) == 0
    assert "toy-net: pictures of 0 layers" in capsys.readouterr().out
