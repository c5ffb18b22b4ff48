"""Training of the demo's image-text encoder and captioner: one run, from a seed, checkpointed.

    pair = learn(work / "models.pt", report=print)

Three losses at once: CLIP's between pictures and texts, the captioner's of the next word, and, for
the eye alone, which concepts hold in each of its cells, as eyes are trained on labelled pictures
before they learn to read. The heads of the last one are thrown away.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from describer.demo.models import wording
from describer.demo.models.towers import Pair
from describer.demo.models.views import Shown, Views
from describer.demo.training import fitting
from describer.demo.world import scene
from describer.demo.world.chance import Chance
from describer.demo.world.concepts import NAMES

Report = Callable[[str], None]

KEPT_EVERY = 200
VARIANTS = ("probe", "probe", "probe", "people", "spurious")


@dataclass(frozen=True)
class Course:
    """How the models learn.

    scenes: how many are drawn. steps: batches that the learning rate is planned for. until: the
    last of them that is learned. batch: views in one. rate: the highest learning rate. captions: of
    the texts that the encoder reads, the share of captions; the others are phrases.
    """

    scenes: int = 7000
    steps: int = 1500
    until: int = 600
    batch: int = 48
    rate: float = 1.5e-3
    captions: float = 0.5
    seed: int = 51


def learn(kept: Path, course: Course | None = None, *, report: Report) -> Pair:
    """Train both models, going on from what `kept` holds.

    Every batch follows from its number and the seed, so that a run that was stopped ends as one
    that was not.
    """
    course = course or Course()
    last = min(course.until, course.steps)
    pair = Pair.new(seed=course.seed)
    cells = nn.Linear(pair.clip.config.vision_config.hidden_size, len(NAMES))
    weights = [*pair.parameters(), *cells.parameters()]
    groups = [
        {"params": [p for p in weights if p.ndim > 1], "weight_decay": 0.05},
        {"params": [p for p in weights if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=course.rate, betas=(0.9, 0.98))
    first = 0
    if kept.exists():
        state = torch.load(kept)
        first = state["step"]
        pair.load(state["pair"])
        cells.load_state_dict(state["cells"])
        optimiser.load_state_dict(state["optimiser"])
    pair.clip.train()
    pair.git.train()
    views = drawn(course.scenes if first < last else 0)
    for step in range(first, last):
        for group in optimiser.param_groups:
            group["lr"] = _rate(step, course)
        losses = _losses(pair, cells, _batch(views, step, course))
        optimiser.zero_grad()
        (losses[0] + losses[1] + 20 * losses[2]).backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        with torch.no_grad():
            pair.clip.logit_scale.clamp_(max=math.log(100))
        if (step + 1) % KEPT_EVERY == 0 or step + 1 == last:
            state = {
                "step": step + 1,
                "pair": pair.state(),
                "cells": cells.state_dict(),
                "optimiser": optimiser.state_dict(),
            }
            torch.save(state, kept.with_suffix(".partial"))
            kept.with_suffix(".partial").replace(kept)
            said = ", ".join(f"{value.item():.3f}" for value in losses)
            report(f"models: batch {step + 1} of {last}, losses {said}")
    pair.clip.eval()
    pair.git.eval()
    return pair


def drawn(count: int, split: str = "models") -> Views:
    """Scenes of the world's variants, in turns."""
    return Views.of(
        [
            scene.render(split, number, variant=VARIANTS[number // 10 % len(VARIANTS)])
            for number in range(count)
        ]
    )


def pixels(shown: list[Shown]) -> Tensor:
    """float32 (n, 3, 64, 64), as the models' own processor gives them."""
    return fitting.normalise(torch.from_numpy(np.stack([each.picture for each in shown])))


Batch = tuple[list[Shown], list[str], list[str]]


def _batch(views: Views, step: int, course: Course) -> Batch:
    """The views of one batch, with a text to read and a caption to write for each."""
    chance = Chance("models", course.seed, step)
    shown: list[Shown] = []
    texts: list[str] = []
    captions: list[str] = []
    while len(shown) < course.batch:
        each = views.draw(chance.whole(0, len(views.scenes) - 1), chance)
        caption = wording.caption(each.view)
        if not caption:
            continue
        said = chance.happens(course.captions)
        shown.append(each)
        captions.append(caption)
        texts.append(caption if said else wording.phrases(each.view, views.base, chance))
    return shown, texts, captions


def _losses(pair: Pair, cells: nn.Linear, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """CLIP's, the captioner's and the cells' loss."""
    shown, texts, captions = batch
    tokens, pictures = pair.look(pixels(shown))
    alike = pair.clip.logit_scale.exp() * pictures @ pair.read(texts).T
    # Equal texts fit each other's pictures: what is right is shared among them.
    same = torch.tensor([[one == other for other in texts] for one in texts]).float()
    right = same / same.sum(dim=1, keepdim=True)
    both = nn.functional.cross_entropy(alike, right) + nn.functional.cross_entropy(alike.T, right)
    holds = torch.from_numpy(np.stack([each.cells for each in shown])).float()
    where = nn.functional.binary_cross_entropy_with_logits(cells(tokens[:, 1:]), holds)
    return both / 2, pair.write(tokens, captions), where


def _rate(step: int, course: Course) -> float:
    warm = max(1, course.steps // 20)
    cosine = 0.5 * (1 + math.cos(math.pi * step / course.steps))
    return course.rate * min(1.0, (step + 1) / warm) * cosine
