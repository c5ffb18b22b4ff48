"""The result of a job of kind `spurious`, as plain records; nothing here loads a network.

Result.from_json(job.result)        # also of jobs that ended before results had a version
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

VERSION = 1


@dataclass(frozen=True)
class Training:
    """How many epochs were trained, the best of them (from 1), and that one's numbers."""

    epochs: int
    best: int
    loss: float
    validation_loss: float
    validation_accuracy: float


@dataclass(frozen=True)
class Example:
    """A chosen unit, what is said of it, and which share of its masks lies on words."""

    unit: str
    text: str
    share: float | None


@dataclass(frozen=True)
class Agreement:
    """How far descriptions find the units that truly look at words.

    Attributes:
        described: units whose description says text, word or letter.
        on_words: units with most of their masks on written words; `both` are counted in both.
        precision, recall: of the descriptions, None where nothing was found or is there.
        base_rate: the share of all pixels that lies under words.
    """

    described: int
    on_words: int
    both: int
    precision: float | None
    recall: float | None
    base_rate: float
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Clean:
    """Accuracy on test images without words, at the count chosen on validation and at the best."""

    chosen: float
    best: float


@dataclass(frozen=True)
class Choice:
    """Units chosen by "descriptions" or by "masks", and the experiment that ablated them."""

    by: str
    ablation_id: int
    clean: Clean


@dataclass(frozen=True)
class Result:
    """What an experiment found.

    Attributes:
        images: how many each of its folders holds.
        skipped: (path, reason) of images that could not be read.
        units: how many each layer has.
        clean, adversarial: test accuracy of the unedited network without and with random words.
    """

    name: str
    images: Mapping[str, int]
    skipped: tuple[tuple[str, str], ...]
    training: Training
    units: Mapping[str, int]
    agreement: Agreement
    clean: float
    adversarial: float
    choices: tuple[Choice, ...]

    def to_json(self) -> dict[str, Any]:
        """As the job stores it; examples are rows (unit, text, share)."""
        values = asdict(self)
        values["agreement"]["examples"] = [
            [each.unit, each.text, each.share] for each in self.agreement.examples
        ]
        values["skipped"] = [list(each) for each in self.skipped]
        return {**values, "choices": list(values["choices"]), "version": VERSION}

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> "Result":
        """What `to_json` gave, with or without a version."""
        told = values["agreement"]
        return Result(
            values["name"],
            values["images"],
            tuple((path, reason) for path, reason in values["skipped"]),
            Training(**values["training"]),
            values["units"],
            Agreement(**{**told, "examples": tuple(Example(*each) for each in told["examples"])}),
            values["clean"],
            values["adversarial"],
            tuple(
                Choice(each["by"], each["ablation_id"], Clean(**each["clean"]))
                for each in values["choices"]
            ),
        )
