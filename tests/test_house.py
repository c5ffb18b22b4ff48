"""The house's rules, read from the code itself: names, import direction, sizes, style, types."""

import ast
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
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
LONGEST_FILE, LONGEST_FUNCTION, LONGEST_BUILD, MOST_PARAMETERS = 500, 80, 120, 8
MOST_FILES = 15
# A migration is the list of a version's tables and is never edited; a vocabulary is one table.
LISTS = {"m005_annotate", "m014_participants", "_table"}


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


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


def arrows() -> dict[str, set[str]]:
    """Each module of ours with the modules of ours that it imports, wherever in it."""
    names = {dotted(path): path for path in modules()}
    found: dict[str, set[str]] = defaultdict(set)
    for name, path in names.items():
        for imported in imports(path):
            target = imported if imported in names else imported.rpartition(".")[0]
            if target in names and target != name:
                found[name].add(target)
    return found


def room(name: str) -> str:
    """The folder that a module is in; a file beside folders composes them and stands for itself."""
    path = PROJECT / Path(*name.split("."))
    folder = path if path.is_dir() else path.parent
    inner = [child for child in folder.iterdir() if (child / "__init__.py").is_file()]
    return name if inner or folder == PROJECT else ".".join(folder.relative_to(PROJECT).parts)


def check_no_circle(graph: Mapping[str, set[str]]) -> None:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"imports run in a circle: {' <- '.join(error.args[1])}")


def test_no_files_import_each_other_in_a_circle() -> None:
    check_no_circle(arrows())


def test_folders_import_one_way() -> None:
    rooms: dict[str, set[str]] = defaultdict(set)
    for name, targets in arrows().items():
        rooms[room(name)] |= {room(target) for target in targets} - {room(name)}
    check_no_circle(rooms)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PROJECT)))
def test_a_module_says_what_it_holds_and_stays_short(path: Path) -> None:
    text = path.read_text()
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), f"{path} has no docstring"
    lines = len(text.splitlines())
    assert lines <= LONGEST_FILE, f"{path} has {lines} lines: split it where a second noun begins"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PROJECT)))
def test_functions_stay_short_and_take_few_things(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name not in LISTS:
            assert node.end_lineno is not None
            lines = node.end_lineno - node.lineno + 1
            most = LONGEST_BUILD if node.name == "build" else LONGEST_FUNCTION
            assert lines <= most, f"{path}: {node.name} has {lines} lines"
            given = node.args
            # A row's columns are named one by one where the row is written.
            named = [] if path.is_relative_to(PROJECT / "db") else given.kwonlyargs
            count = len([*given.posonlyargs, *given.args, *named])
            assert count <= MOST_PARAMETERS, f"{path}: {node.name} takes {count} things"


@pytest.mark.parametrize("path", modules()[1:], ids=lambda path: str(path.relative_to(PROJECT)))
def test_no_file_repeats_its_folder(path: Path) -> None:
    folder = path.parent.name.rstrip("s")
    words = [word.rstrip("s") for word in path.stem.split("_")]
    assert folder not in words, f"{path} says {path.parent.name} twice"


def test_no_folder_is_a_heap() -> None:
    for folder in {path.parent for path in modules()[1:]}:
        files = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
        assert len(files) <= MOST_FILES, f"{folder} holds {len(files)} modules"


def test_tests_mirror_the_packages_and_import_no_other_test() -> None:
    tests = PROJECT / "tests"
    for path in sorted(tests.rglob("*.py")):
        for imported in imports(path):
            assert not imported.startswith(("tests.", "test_")), f"{path} imports {imported}"
        where = path.relative_to(tests).parent
        if path.name.startswith("test_") and where.parts and where.parts[0] in PACKAGES:
            mirrored = PROJECT / where
            about = path.stem.removeprefix("test_")
            known = {mirrored.name, *(child.stem for child in mirrored.iterdir())}
            assert any(about == name or about.startswith(f"{name}_") for name in known), (
                f"{path} is about no module of {mirrored}"
            )


def test_starting_the_command_line_imports_no_machine_learning() -> None:
    heavy = ("torch", "spacy", "transformers", "bert_score", "gradio", "pandas")
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


@pytest.mark.parametrize("name", ["README.md", "docs/ARCHITECTURE.md", "docs/AUDIT.md"])
def test_documents_name_files_that_are_there(name: str) -> None:
    text = (PROJECT / name).read_text("utf-8")
    named = re.findall(r"`((?:annotator|audits|benchmarks|db|describer|docs|tests)/[\w./]*)`", text)
    missing = [path for path in named if not (PROJECT / path).exists()]
    assert not missing, f"{name} names {missing}"
    assert len((PROJECT / "README.md").read_text("utf-8").splitlines()) <= 150
