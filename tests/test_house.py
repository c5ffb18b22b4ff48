"""The house's rules, read from the code itself: import direction, sizes, style, types."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
PACKAGES = ("annotator", "audits", "db", "describer")
MAY_IMPORT = {
    "db": {"db"},
    "annotator": {"annotator", "db"},
    "describer": {"describer", "db"},
    "audits": {"audits", "describer", "db"},
    "app": {"app", *PACKAGES},
}
OUTSIDE_DB = {"gradio", "torch", "torchvision", "spacy"}


def modules() -> list[Path]:
    files = [PROJECT / "app.py"]
    for package in PACKAGES:
        files += sorted((PROJECT / package).rglob("*.py"))
    return files


def imports(path: Path) -> Iterator[str]:
    """The full names that a module imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PROJECT)))
def test_imports_point_one_way(path: Path) -> None:
    name = path.relative_to(PROJECT).parts[0].removesuffix(".py")
    for imported in imports(path):
        root = imported.split(".")[0]
        if root in MAY_IMPORT:
            assert root in MAY_IMPORT[name], f"{path} imports {imported}"
        if name == "db":
            assert root not in OUTSIDE_DB, f"{path} imports {imported}"
        if root == "gradio":
            assert path.name == "app.py" or path.stem == "tab" or path.stem.startswith("tab_"), path
        if imported in {f"{package}.tab" for package in PACKAGES}:
            assert name == "app", f"only app.py puts the tabs together, {path} imports {imported}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PROJECT)))
def test_a_module_says_what_it_holds_and_stays_short(path: Path) -> None:
    text = path.read_text()
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), f"{path} has no docstring"
    assert len(text.splitlines()) <= 500, f"{path} is over 500 lines: split it"


def test_starting_the_command_line_imports_no_machine_learning() -> None:
    heavy = ("torch", "spacy", "transformers", "bert_score", "gradio")
    script = (
        "import sys, app; app.parser(); "
        f"print(','.join(name for name in {heavy!r} if name in sys.modules))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == ""


@pytest.mark.parametrize(
    "command",
    [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]],
    ids=["style", "format", "types"],
)
def test_the_checkers_are_content(command: list[str]) -> None:
    result = subprocess.run(
        [sys.executable, "-m", *command], cwd=PROJECT, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-1000:]
