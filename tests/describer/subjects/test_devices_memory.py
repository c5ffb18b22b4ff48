"""What a process frees and takes again is not asked of the system a second time."""

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
import numpy as np
from describer.subjects.devices import keep_freed
if sys.argv[1] == "keep":
    assert keep_freed()
np.ones(2**23)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    np.ones(2**23)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> int:
    """Pages that the system had to bring while 64 MB were made and dropped twenty times."""
    program = [sys.executable, "-c", PROGRAM, how]
    return int(subprocess.run(program, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_kept_memory_is_not_brought_again() -> None:
    assert faults("keep") < faults("return") / 10
