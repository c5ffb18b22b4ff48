"""Freed memory stays with the process that will want it again at the next layer.

Networks on the processor make large tensors, free them, and make the next. The C library returns
such blocks to the system one by one, and each comes back as zeroed pages: of a pass through
MobileNetV2 that was more than half the time (`python -m benchmarks allocation`).
"""

import ctypes

# From malloc.h: how much free memory is kept at the heap's end, and how many blocks lie outside.
_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
_MOST = 2**31 - 1


def keep_freed() -> bool:
    """Let this process keep up to 2 GB of what it frees; whether its C library can (glibc can).

    For commands and workers, which end; a server would hold it for nothing.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(_MMAP_MAX, 0) and mallopt(_TRIM_THRESHOLD, _MOST))
