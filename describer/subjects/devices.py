"""Where networks run: what "auto", "cpu", "cuda" and "cuda:1" mean here, and freed memory kept."""

import ctypes

from db.errors import BadInput

# From malloc.h: how much free memory is kept at the heap's end, and how many blocks lie outside.
_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
_MOST = 2**31 - 1


def choose(name: str) -> str:
    """The torch device that a person named; "auto" is the first GPU, or the processor without one.

    Raises:
        BadInput: another name, or a GPU that is not there.
    """
    kind, _, number = name.partition(":")
    if name not in ("auto", "cpu") and (kind != "cuda" or not (number or "0").isdecimal()):
        raise BadInput(f"expected device auto, cpu, cuda or cuda:N, got {name!r}")
    if name == "cpu":
        return name
    import torch

    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "auto":
        return "cuda" if gpus else "cpu"
    if int(number or 0) >= gpus:
        raise BadInput(f"expected a device of this machine, got {name!r}, but it has {gpus} GPU(s)")
    return name


def keep_freed() -> bool:
    """Let this process keep up to 2 GB of what it frees; whether its C library can (glibc can).

    Networks on the processor make large tensors, free them, and make the next. The C library
    returns such blocks to the system one by one, and each comes back as zeroed pages: of a pass
    through MobileNetV2 that was more than half the time (`python -m benchmarks allocation`).

    For commands and workers, which end; a server would hold it for nothing.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(_MMAP_MAX, 0) and mallopt(_TRIM_THRESHOLD, _MOST))
