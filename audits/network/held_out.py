"""Whether images that something is learned from are kept apart from those it is measured on.

    check_folders(Path("train"), Path("test"), purpose="test")      # neither lies in the other
    check_files(Path("train"), Path("test"), purpose="test")        # nor do they share files

An accuracy on images that were trained on says nothing about others. Files are compared by their
content, so that copies under other names are found; images that were saved anew are not.
"""

from pathlib import Path

from db.errors import BadInput
from describer.images import probing


def check_folders(training: Path, other: Path, *, purpose: str) -> None:
    """Raise BadInput when one of two folders is, or lies in, the other."""
    first, second = (path.expanduser().resolve() for path in (training, other))
    if first.is_relative_to(second) or second.is_relative_to(first):
        raise BadInput(
            f"expected {purpose} images that are not trained on, got {other} for {purpose} and "
            f"{training} for training, which are the same or lie in one another"
        )


def check_files(training: Path, other: Path, *, purpose: str) -> None:
    """Raise BadInput when two folders of images hold some of the same files."""
    trained, measured = (probing.open_folder(path.expanduser()) for path in (training, other))
    known = set(probing.file_hashes(trained)) - {""}
    both = [
        path
        for path, each in zip(measured.paths, probing.file_hashes(measured), strict=True)
        if each in known
    ]
    if both:
        raise BadInput(
            f"expected {purpose} images that are not trained on, {len(both)} of {len(measured)} in "
            f"{other} have the same content as files in {training}, first {both[0]}"
        )
