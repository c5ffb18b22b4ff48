"""What each step of a method can use on this machine, what is missing, and how to get it.

    for line in lines(workspace.models): print(line)
    check("blip-image-captioning-base", workspace.models, device="cpu")     # it is tried

Nothing is fetched: the commands that are named are for a machine with internet, whose folder is
then copied here.
"""

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from db.errors import BadInput
from db.jobs import Watch
from describer.methods.models import endpoint, folder
from describer.methods.models.captions import Captioner
from describer.methods.models.likeness import Likeness
from describer.methods.models.opening import ENDPOINT, open_writer
from describer.methods.models.pictures import open_maker
from describer.methods.models.prompt import Manner, Prompt


@dataclass(frozen=True)
class Known:
    """A published model that fits a step; its size and licence as its card has them."""

    repository: str
    size: str
    licence: str
    files: str = "*.json *.txt *.model *.jinja *.safetensors README.md"

    def command(self, models: Path) -> str:
        """What fetches it where there is internet."""
        patterns = " ".join(f"'{pattern}'" for pattern in self.files.split())
        return (
            f"hf download {self.repository} --include {patterns} "
            f"--local-dir {models / self.repository.rpartition('/')[2]}"
        )


PIPELINE_FILES = (
    "model_index.json */*.json */*.txt */model.safetensors "
    "*/diffusion_pytorch_model.safetensors README.md"
)
KNOWN = {
    "captioner": (
        Known("Salesforce/blip-image-captioning-base", "about 1 GB", "BSD-3-Clause"),
        Known("HuggingFaceTB/SmolVLM-256M-Instruct", "about 0.5 GB", "Apache-2.0"),
    ),
    "writer": (Known("Qwen/Qwen2.5-1.5B-Instruct", "about 3.1 GB", "Apache-2.0"),),
    "likeness": (
        Known("openai/clip-vit-base-patch16", "about 0.6 GB", "MIT (the code's; see its card)"),
        Known("google/siglip-base-patch16-224", "about 0.8 GB", "Apache-2.0"),
    ),
    "maker": (
        Known(
            "stable-diffusion-v1-5/stable-diffusion-v1-5",
            "about 5 GB",
            "CreativeML Open RAIL-M",
            PIPELINE_FILES,
        ),
    ),
}
INSTEAD = {
    "captioner": "without one: --caption-concepts FILE, with a model that compares",
    "writer": "without one: common noun phrases of the captions, or endpoint:NAME",
    "likeness": "without one: --scoring topk-squared",
    "maker": "without one: --maker retrieve or retrieve-captions",
}
PACKAGES = (
    ("transformers", ("captioner", "writer", "likeness", "maker")),
    ("diffusers", ("maker",)),
    ("skimage", ("attention crops of dnd",)),
)
GREY = np.full((3, 64, 64), 128, np.uint8)


LOOKER = "looker"


def usable(models: Path, kind: str) -> list[str]:
    """Names of what a step can use here: folders with safe weights, and endpoints for writers.

    kind: one of `folder.KINDS`, or `LOOKER`: a captioner that converses, or an endpoint.
    """
    wanted = "captioner" if kind == LOOKER else kind
    found = [path for path in installed(models) if folder.kind(path) == wanted and _safe(path)]
    if kind == LOOKER:
        found = [path for path in found if folder.converses(path)]
    names = [path.relative_to(models).as_posix() for path in found]
    if kind in ("writer", LOOKER):
        names += [f"{ENDPOINT}{name}" for name in endpoint.read(models)]
    return names


def what(kind: str) -> str:
    """What a kind of model does, as something that is missing."""
    return f"a model that {folder.KINDS[kind]}"


def command(kind: str, models: Path) -> str:
    """The command that gets a published model of a kind, on a machine with internet."""
    # Of the captioners the second converses.
    known = KNOWN["captioner"][1] if kind == LOOKER else KNOWN[kind][0]
    return f"{known.command(models)}    # {known.size}, {known.licence}"


def lines(models: Path) -> Iterator[str]:
    """What is here for each step, and what is missing."""
    here = installed(models)
    for kind, what in folder.KINDS.items():
        yield f"{kind}: {what}"
        found = [path for path in here if folder.kind(path) == kind]
        yield from (f"  {_described(path, models)}" for path in found)
        if kind == "writer":
            yield from (
                f"  {ENDPOINT}{name}  {known.model} at {known.address}"
                for name, known in endpoint.read(models).items()
            )
            yield (
                f"  an address that speaks the OpenAI protocol: [NAME], address, model and "
                f"key_variable (of the environment) in {models / endpoint.SETTINGS}"
            )
        if not found:
            yield f"  none in {models}; {INSTEAD[kind]}"
            for known in KNOWN[kind]:
                yield f"  to get {known.repository} ({known.size}, {known.licence}):"
                yield f"    {known.command(models)}"
    others = [path.name for path in here if not folder.kind(path)]
    if others:
        yield f"of no use to these steps: {', '.join(others)}"
    for package, users in PACKAGES:
        if importlib.util.find_spec(package) is None:
            yield f'{package} is not installed ({", ".join(users)}): pip install -e ".[dnd]"'


def check(name: str, models: Path, *, device: str) -> str:
    """Load a model, use it once, and say how that went.

    Raises:
        BadInput: it cannot be used, and why.
        Unreachable: it is an endpoint that does not answer.
    """
    if name.startswith(ENDPOINT):
        return _answered(name, models, device)
    path = folder.locate(name, models)
    kind = folder.kind(path)
    if kind == "writer":
        return _answered(name, models, device)
    if kind == "captioner":
        said = Captioner.open(name, models, device=device).captions([GREY])[0]
        return f"{name} captions a grey image: {said!r}"
    if kind == "likeness":
        likeness = Likeness.open(name, models, device=device)
        cosine = float(likeness.of_images([GREY])[0] @ likeness.of_texts(["a grey image"])[0])
        return f"{name} finds a grey image and its name alike by {cosine:.3f}"
    if kind == "maker":
        made = open_maker(name, models, device=device, steps=1).make("a grey image", [0])[0]
        return f"{name} makes pictures of {made.shape[2]} x {made.shape[1]} pixels"
    known = "; ".join(f"{kind}: {what}" for kind, what in folder.KINDS.items())
    raise BadInput(f"expected a model of a known kind ({known}), got {path}")


def installed(models: Path) -> list[Path]:
    """Folders of models in the workspace, `NAME` or `OWNER/NAME`, by name."""
    folders = [path for path in sorted(models.glob("*")) if path.is_dir()]
    found = []
    for path in folders:
        inner = [path] if _is_one(path) else sorted(path.glob("*"))
        found += [candidate for candidate in inner if _is_one(candidate)]
    return found


def _safe(path: Path) -> bool:
    """Whether a folder's weights are safetensors, or it needs none."""
    return any(path.rglob("*.safetensors")) or folder.draws(path)


def _is_one(path: Path) -> bool:
    return (path / "config.json").is_file() or (path / "model_index.json").is_file()


def _answered(name: str, models: Path, device: str) -> str:
    writer = open_writer(name, models, device=device)
    assert writer is not None, "it has a name"
    question = Prompt("Answer with the one word: ready")
    (said,) = writer.write([question], Manner(temperature=0.0, tokens=8), Watch())
    return f"{name} answers: {said.strip()[:80]!r}"


def _described(path: Path, models: Path) -> str:
    megabytes = folder.size(path) / 1e6
    usable = "" if _safe(path) else "  NOT USABLE: its weights are no safetensors"
    name, licence = path.relative_to(models), folder.licence(path) or "licence not named"
    return f"{name}  {megabytes:,.1f} MB  {licence}{usable}"
