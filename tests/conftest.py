"""Fixtures that several packages' tests use: the shared data, when it is there."""

import asyncio
import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from describer.subjects.devices import keep_freed

PROJECT = Path(__file__).resolve().parents[1]

# As the app's commands do it, before torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
keep_freed()

# A busy machine is no failure.
settings.register_profile("workbench", deadline=None)
settings.load_profile("workbench")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two workers for the whole run, which often waits for pages; none where time is measured.

    Chosen files, and what is watched with `-s`, run in the one process as well.
    """
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    plain = config.option.capture != "no" and config.option.markexpr == "not benchmark"
    return 2 if whole and plain else 0


@pytest.fixture
def event_loop_that_is_dropped() -> Iterator[None]:
    """Blocks make an event loop and leave it to the collector, which warns: here, not later."""
    yield
    asyncio.set_event_loop(None)
    gc.collect()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder `shared` beside the project, with real networks, images and golden values."""
    folder = PROJECT.parent / "shared"
    if not (folder / "golden").is_dir():
        pytest.skip(f"the measurement data is not beside the project (looked for {folder})")
    return folder
