"""Subject files of networks that are a few lines of code, as people bring them."""

from pathlib import Path

from describer.subjects.definition import Subject, read

TINY = """
import torch
from torch import nn


class Tiny(nn.Module):
    def __init__(self, channels=3, classes=4):
        super().__init__()
        self.first = nn.Conv2d(channels, 5, 3, padding=1)
        self.head = nn.Linear(5, classes)

    def forward(self, images):
        return self.head(torch.relu(self.first(images)).mean((2, 3)))
"""


def subject(
    folder: Path,
    code: str = TINY,
    *,
    factory: str = "tiny.py:Tiny",
    more: str = "",
    mean: str = "[0.5, 0.5, 0.5]",
) -> Subject:
    """Write the code and a subject file for it into a folder, and read the file."""
    folder.mkdir(parents=True, exist_ok=True)
    where = factory.partition(":")[0]
    if code and where.endswith(".py"):
        (folder / where).parent.mkdir(parents=True, exist_ok=True)
        (folder / where).write_text(code, encoding="utf-8")
    size = "" if "image_size" in more else "image_size = 12\n"
    path = folder / "SUBJECT.toml"
    path.write_text(
        f'name = "tiny"\nfactory = "{factory}"\n{size}mean = {mean}\nstd = {mean}\n{more}\n',
        encoding="utf-8",
    )
    return read(path)
