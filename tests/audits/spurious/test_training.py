"""Training keeps the best weights, stops, resumes, and is the same for the same seed."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from audits.spurious.training import Config, Pictures, read_pictures, shifted, train
from db.errors import BadInput, Cancelled
from db.jobs import Watch
from describer.subjects import definition, factory
from describer.subjects.definition import Subject
from helpers.worlds import coloured_images, two_layer_subject

CONFIG = Config(learning_rate=0.02, batch_size=8, max_epochs=4, patience=4)


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    return definition.read(two_layer_subject(tmp_path_factory.mktemp("subject")))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory, subject: Subject) -> list[Pictures]:
    folder = tmp_path_factory.mktemp("images")
    found = []
    for seed, name in enumerate(("training", "validation")):
        coloured_images(folder / name, count=12, seed=seed)
        found.append(read_pictures(folder / name, subject))
    return found


def weights(model: nn.Module) -> list[torch.Tensor]:
    return [value.clone() for value in model.state_dict().values()]


def same(first: list[torch.Tensor], second: list[torch.Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_a_network_learns_and_keeps_its_best_epoch(
    subject: Subject, pictures: list[Pictures]
) -> None:
    model = factory.build(subject)
    trained = train(model, subject, *pictures, config=CONFIG)
    losses = [epoch.validation_loss for epoch in trained.epochs]
    assert losses[trained.best - 1] == min(losses)
    assert min(losses) < 0.5
    assert not model.training
    assert same(weights(model), list(trained.state.values()))


def test_it_stops_when_validation_no_longer_gains(
    subject: Subject, pictures: list[Pictures]
) -> None:
    config = Config(learning_rate=1.0, batch_size=8, max_epochs=30, patience=2)
    trained = train(factory.build(subject), subject, *pictures, config=config)
    assert len(trained.epochs) == trained.best + 2


def test_a_stopped_training_goes_on_as_one_that_was_not(
    subject: Subject, pictures: list[Pictures], tmp_path: Path
) -> None:
    whole = factory.build(subject)
    train(whole, subject, *pictures, config=CONFIG)
    asked = iter(range(100))
    resume = tmp_path / "resume"
    with pytest.raises(Cancelled, match="epoch 3"):
        train(
            factory.build(subject),
            subject,
            *pictures,
            config=CONFIG,
            resume=resume,
            watch=Watch(cancelled=lambda: next(asked) >= 7),
        )
    again = factory.build(subject)
    trained = train(again, subject, *pictures, config=CONFIG, resume=resume)
    assert len(trained.epochs) == 4
    assert same(weights(whole), weights(again))
    other = factory.build(subject)
    train(other, subject, *pictures, config=Config(0.02, 8, 4, 4, seed=1))
    assert not same(weights(whole), weights(other))


def test_pictures_are_moved_and_their_rim_is_repeated() -> None:
    pixels = np.arange(2 * 3 * 4 * 4, dtype=np.uint8).reshape(2, 3, 4, 4)
    moved = shifted(pixels, np.array([1, -1]))
    np.testing.assert_array_equal(moved[..., 1:, :3], pixels[..., :3, 1:])
    np.testing.assert_array_equal(moved[..., 0, :3], pixels[..., 0, 1:])
    np.testing.assert_array_equal(moved[..., 1:, 3], pixels[..., :3, 3])
    assert shifted(pixels, np.array([0, 0])) is pixels


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (Config(learning_rate=0), "a learning rate above 0 and up to 1, got 0"),
        (Config(batch_size=1), "a batch of at least 2"),
        (Config(patience=0), "patience and epochs of at least 1"),
        (Config(shift=0.5), "below half a side, got 0.5"),
    ],
)
def test_impossible_settings_are_refused(
    subject: Subject, pictures: list[Pictures], config: Config, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        train(factory.build(subject), subject, *pictures, config=config)


def test_unlabelled_pictures_and_other_classes_are_refused(
    subject: Subject, tmp_path: Path
) -> None:
    folder = coloured_images(tmp_path / "images", count=2)
    with pytest.raises(BadInput, match="a folder of classes to train on"):
        read_pictures(folder / "red", subject)
    (folder / "red").rename(folder / "green")
    with pytest.raises(BadInput, match="green"):
        read_pictures(folder, subject)
