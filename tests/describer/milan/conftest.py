"""Fixtures of the MILAN tests; what they are made of is in small.py."""

from pathlib import Path

import pytest

from describer.milan.model import Model
from helpers.milan import MemoryFolder, make_folder, make_model


@pytest.fixture
def model() -> Model:
    return make_model()


@pytest.fixture
def folder() -> MemoryFolder:
    return make_folder({"a": 5, "b": 3})


@pytest.fixture(scope="session")
def golden(shared: Path) -> Path:
    return shared / "golden" / "milan_decoder"
