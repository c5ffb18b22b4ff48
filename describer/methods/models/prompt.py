"""What a writing model is asked: turns of a conversation, the last perhaps with a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from db.errors import WorkbenchError
from db.jobs import Watch

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Prompt:
    """A question.

    Attributes:
        question: what is asked.
        examples: earlier questions with the answers that were wanted.
        system: how to answer, before all.
        picture: uint8 (3, H, W), what the question is about.
    """

    question: str
    examples: Sequence[tuple[str, str]] = ()
    system: str = ""
    picture: Picture | None = None

    def turns(self) -> list[tuple[str, str]]:
        """Who says what: ("system" | "user" | "assistant", text)."""
        found = [("system", self.system)] if self.system else []
        for question, answer in self.examples:
            found += [("user", question), ("assistant", answer)]
        return [*found, ("user", self.question)]


@dataclass(frozen=True)
class Manner:
    """How a model answers: chance (its seed and temperature; 0 is none) and how long at most."""

    seed: int = 0
    temperature: float = 0.7
    tokens: int = 40


class Writer(Protocol):
    """A model that answers questions, wherever it runs."""

    @property
    def identity(self) -> dict[str, Any]:
        """What it is, for the provenance: never a key."""

    def write(self, prompts: Sequence[Prompt], manner: Manner, watch: Watch) -> list[str]:
        """Answer questions, in their order; "" where what came back was no answer.

        Raises:
            Unreachable: the model did not answer, after all retries.
            BadInput: it refuses for good: a wrong key, address or model.
        """


class Unreachable(WorkbenchError):
    """A model elsewhere does not answer now; it may later."""
