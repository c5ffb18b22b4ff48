"""Tokens of a transformer and a generator go through every method that takes what they are."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from db import jobs
from db.arrays import ImageStore
from db.describe import descriptions, exemplars
from db.workspace import Workspace, create, open_database
from describer import workspace_files
from describer.describe import plan as describe_plan
from describer.describe.job import describe
from describer.describe.plan import Plan
from describer.exemplars import layout
from describer.methods import vlm
from describer.methods.dnd.options import Options as DndOptions
from describer.methods.options import (
    ClipDissectOptions,
    CompositionalOptions,
    MilanOptions,
    NetDissectOptions,
)
from helpers import tiny
from helpers.worlds import tiny_milan

NETWORKS = '''
"""A transformer's patches, of which unit 0 sees red and unit 1 blue; and a generator of colours."""

import torch
from torch import nn


class Patches(nn.Module):
    """(N, 3, 32, 32) to tokens (N, 1 + 16, 2), the first of which is of no place."""

    def __init__(self):
        super().__init__()
        self.see = nn.Conv2d(3, 2, 8, stride=8)
        with torch.no_grad():
            self.see.weight.zero_()
            self.see.bias.zero_()
            for unit, channel in ((0, 0), (1, 2)):
                self.see.weight[unit] = -1 / 64
                self.see.weight[unit, channel] = 1 / 64

    def forward(self, x):
        tokens = self.see(x).relu().flatten(2).transpose(1, 2)
        return torch.cat([tokens.new_full((len(x), 1, 2), 9.0), tokens], 1)


class Seer(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches = Patches()
        self.head = nn.Linear(2, 2)

    def forward(self, x):
        return self.head(self.patches(x)[:, 1:].mean(1))


class Painter(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.begin = nn.Linear(8, 6 * 16)
        self.middle = nn.Sequential(nn.Conv2d(6, 6, 3, padding=1), nn.ReLU())
        self.end = nn.Sequential(nn.Upsample(scale_factor=8), nn.Conv2d(6, 3, 1), nn.Tanh())

    def forward(self, z):
        return self.end(self.middle(self.begin(z).reshape(-1, 6, 4, 4)))
'''
COMMON = "mean = [0.0, 0.0, 0.0]\nstd = [1.0, 1.0, 1.0]\nimage_size = 32\n"
SUBJECTS = {
    "seer": 'name = "seer"\nfactory = "networks.py:Seer"\nlayers = ["patches"]\n' + COMMON,
    "painter": 'name = "painter"\nfactory = "networks.py:Painter"\nlayers = ["middle"]\n'
    'input = "latent"\nlatent_size = 8\n' + COMMON,
}
METHODS: tuple[Any, ...] = (
    MilanOptions("tiny-milan", beam_size=2),
    NetDissectOptions(("colours",), quantile=0.95),
    CompositionalOptions(("colours",), quantile=0.95, length=2),
    ClipDissectOptions("clip", ("red", "blue")),
    DndOptions("blip", likeness="clip", exemplars=2, candidates=2, pictures=2),
    vlm.Options("looker", exemplars=2),
)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    pytest.importorskip("transformers", reason="transformers is not installed")
    files = tmp_path_factory.mktemp("files")
    workspace = create(files / "workspace")
    for make in (tiny.blip, tiny.clip, tiny.looker):
        make(workspace.models / make.__name__)
    (files / "networks.py").write_text(NETWORKS)
    (files / "squares").mkdir()
    generator = np.random.default_rng(0)
    for number in range(16):
        image = np.full((32, 32, 3), 120, np.uint8)
        for channel in (0, 2):
            top, left = 8 * generator.integers(0, 4, 2)
            image[top : top + 8, left : left + 8] = 20
            image[top : top + 8, left : left + 8, channel] = generator.integers(200, 250)
        Image.fromarray(image).save(files / "squares" / f"{number:02d}.png")
    with open_database(workspace) as db:
        for name, text in SUBJECTS.items():
            (files / f"{name}.toml").write_text(text)
            workspace_files.enter_subject(db, files / f"{name}.toml")
        workspace_files.enter_images(db, files / "squares")
        workspace_files.enter_images(db, Path("seeds:12"))
        workspace_files.enter_checkpoint(db, str(tiny_milan(files / "tiny-milan")))
    return workspace


def described(workspace: Workspace, plan: Plan) -> dict[str, list[str]]:
    """What each method says of each unit."""
    with open_database(workspace) as db:
        job_id = describe_plan.enqueue(db, plan, device="cpu", person="ada")
    jobs.work(workspace, {"describe": describe})
    with open_database(workspace) as db:
        job = jobs.get(db, job_id)
        assert job.state == "done", job.message
        found: dict[str, list[str]] = {}
        for each in exemplars.sets(db, subject=plan.subject):
            for unit in exemplars.units_of(db, each.exemplar_set_id):
                for said in descriptions.answers(db, unit.unit_id):
                    found.setdefault(said.method, []).append(said.text)
    return found


def test_a_token_lights_its_own_patch_and_is_named_for_it(workspace: Workspace) -> None:
    plan = Plan("seer", "squares", ("patches",), METHODS, k=4, quantile=0.95)
    found = described(workspace, plan)
    assert {name: len(texts) for name, texts in found.items()} == {
        each.method: 2 for each in METHODS
    }
    assert found["netdissect"] == ["red", "blue"]
    assert [text.split()[0].strip("(") for text in found["compositional"]] == ["red", "blue"]
    with open_database(workspace) as db:
        (made,) = exemplars.sets(db, subject="seer")
    source = layout.read(workspace.exemplars / made.folder, images=ImageStore(workspace.images))
    for unit, channel in ((0, 0), (1, 2)):
        shown = source.unit("patches", unit)
        for image, mask in zip(shown.images, shown.masks, strict=True):
            patch = image[channel].astype(int) - image[2 - channel] > 100
            assert patch.sum() == 64
            # Its own patch is lit; the published upsampling lets a border run over the edge, never
            # as far as the middle of the next one.
            assert mask[0][patch].any()
            for lit, own in zip(np.nonzero(mask[0]), np.nonzero(patch), strict=True):
                assert lit.min() > own.min() - 4
                assert lit.max() < own.max() + 4


def test_a_generator_goes_through_every_method(workspace: Workspace) -> None:
    retrieving = [
        replace(each, maker="retrieve") if isinstance(each, DndOptions) else each
        for each in METHODS
    ]
    with open_database(workspace) as db:
        from db.describe import subjects

        (seeds,) = [each.name for each in subjects.every_probing_set(db) if "seeds" in each.name]
    found = described(workspace, Plan("painter", seeds, ("middle",), tuple(retrieving), k=3))
    assert {*found} == {each.method for each in METHODS}
    assert all(len(found[name]) == 6 for name in ("netdissect", "clip-dissect", "dnd", "vlm"))
    assert set(found["clip-dissect"]) <= {"red", "blue"}
