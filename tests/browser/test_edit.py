"""Editing the demo's network by hand, end to end: words, verdicts, a curve, weights to take away.

It makes the whole demo and ablates it, which takes minutes: `pytest -m benchmark tests/browser`.
"""

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from playwright.sync_api import Page, expect

import app
from db.audit import ablations
from db.describe import exemplars, subjects
from db.workspace import create, open_database
from describer.images import probing
from describer.subjects import definition as files
from describer.subjects import factory

UNITS = 20


def predictions(
    model: torch.nn.Module, folder: Path, size: int, mean: list[float], std: list[float]
) -> tuple[np.ndarray, np.ndarray]:
    """First choices and labels over a folder, by the plainest loop."""
    from PIL import Image

    paths = sorted(folder.glob("*/*.png"))
    classes = sorted({path.parent.name for path in paths})
    chosen = []
    for path in paths:
        pixels = np.asarray(Image.open(path).convert("RGB").resize((size, size)), dtype=np.float32)
        one = (pixels / 255 - np.array(mean, np.float32)) / np.array(std, np.float32)
        with torch.no_grad():
            chosen.append(int(model(torch.from_numpy(one.transpose(2, 0, 1))[None])[0].argmax()))
    return np.array(chosen), np.array([classes.index(path.parent.name) for path in paths])


@pytest.mark.benchmark
def test_text_units_are_confirmed_ablated_and_taken_away_with_the_weights(
    page: Page, serve: Callable[..., str], tmp_path: Path
) -> None:
    workspace = create(tmp_path / "workspace")
    app._open_demo(workspace)
    url = serve(workspace)
    page.goto(f"{url}?tab=audit")

    # Find: the preset, in one network.
    page.locator("#preset input").click()
    page.get_by_role("option", name="text", exact=True).click()
    page.locator("#narrow button").first.click()
    page.locator("#networks input").click()
    page.get_by_role("option", name="signs", exact=True).click()
    page.locator("#find").click()
    expect(page.locator("#found")).to_contain_text("described units match")
    expect(page.locator("#look mark").first).to_be_visible()

    # Look and sign off, by keyboard.
    page.locator("#found").click()
    for confirmed in range(1, UNITS + 1):
        page.keyboard.press("c")
        expect(page.locator("#tally")).to_contain_text(f"confirmed {confirmed}")
        page.wait_for_timeout(1200)

    # Ablate: the network and its images are chosen already.
    page.get_by_role("tab", name="Ablate", exact=True).click()
    expect(page.locator("#ablate_subject input")).to_have_value("signs")
    expect(page.locator("#validation input")).to_have_value("demo-signs-validation")
    expect(page.locator("#test input")).to_have_value("demo-signs-test")
    page.locator("#ablate").click()
    expect(page.locator("#curve svg.mw-curve")).to_be_visible(timeout=1_800_000)
    expect(page.locator("#ablate_job")).to_contain_text("· done", timeout=1_800_000)
    expect(page.locator("#curve")).to_contain_text("random units")

    # Take it away.
    page.locator("#export_edit").scroll_into_view_if_needed()
    page.get_by_label("Remove the first … units").fill(str(UNITS))
    page.locator("#export_edit").click()
    link = page.locator("#edits a").first
    expect(link).to_be_visible(timeout=900_000)
    expect(page.locator("#edits")).to_contain_text(f"without {UNITS} units")
    with page.expect_download() as fetched:
        link.click()
    archive = tmp_path / "edit.zip"
    fetched.value.save_as(archive)

    # Elsewhere: the files alone, against the unedited network with hooks of this test's own.
    with zipfile.ZipFile(archive) as content:
        content.extractall(tmp_path / "elsewhere")
    (subject_file,) = (tmp_path / "elsewhere").rglob("SUBJECT.toml")
    taken = files.read(subject_file)
    with open_database(workspace) as db:
        experiment = ablations.latest(db)[0]
        curve = ablations.curve(db, experiment.ablation_id)
        units = [exemplars.unit(db, each) for each in experiment.units][:UNITS]
        network = subjects.get(db, "signs")
        pictures = subjects.get_probing_set(db, "demo-signs-test").root
    assert len(units) == UNITS
    model = factory.build(files.read(network.source))
    for unit in units:
        model.get_submodule(unit.layer).register_forward_hook(
            lambda _module, _inputs, output, number=unit.unit: output.index_fill(
                1, torch.tensor([number]), 0.0
            )
        )
    expected, labels = predictions(
        model, pictures, taken.image_size, list(taken.mean), list(taken.std)
    )
    edited, _ = predictions(
        factory.build(taken), pictures, taken.image_size, list(taken.mean), list(taken.std)
    )
    assert (edited == expected).all()
    accuracy = float((edited == labels).mean())
    measured = next(
        point.accuracy
        for point in curve
        if (point.condition, point.n_ablated, point.split) == ("keyword", UNITS, "test")
    )
    assert accuracy == pytest.approx(measured, abs=1e-9)
    assert len(probing.open_folder(pictures)) == len(labels)
    print(f"accuracy without {UNITS} text units, read back elsewhere: {accuracy:.4f}")
