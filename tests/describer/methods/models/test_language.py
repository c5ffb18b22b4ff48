"""A language model by the real loading and generation code, on a tiny random one."""

from pathlib import Path

import pytest

from db.errors import Cancelled
from db.jobs import Watch
from describer.methods.models.language import LocalWriter
from describer.methods.models.prompt import Manner, Prompt

PROMPTS = [Prompt("a red door"), Prompt("the sky with a dog on a wooden bench", [("a", "b")])]


def test_chance_is_that_of_the_seed_alone(models: Path) -> None:
    writer = LocalWriter.open("causal", models, device="cpu")
    first = writer.write(PROMPTS, Manner(seed=3), Watch())
    assert writer.write(PROMPTS, Manner(seed=4), Watch()) != first
    assert writer.write(PROMPTS, Manner(seed=3), Watch()) == first
    assert all(first)


def test_a_model_without_a_template_reads_plain_text(models: Path) -> None:
    writer = LocalWriter.open("causal", models, device="cpu")
    writer.tokenizer.chat_template = None
    assert len(writer.write(PROMPTS, Manner(temperature=0.0), Watch())) == 2


def test_it_stops_when_it_is_asked_to(models: Path) -> None:
    writer = LocalWriter.open("causal", models, device="cpu")
    with pytest.raises(Cancelled):
        writer.write(PROMPTS, Manner(), Watch(cancelled=lambda: True))
