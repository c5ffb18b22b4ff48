"""Where networks run: what "auto", "cpu", "cuda" and "cuda:1" mean on this machine."""

from db.errors import BadInput


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
