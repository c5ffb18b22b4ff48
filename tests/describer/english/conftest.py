"""The built-in English pipeline and a few annotated sentences."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from describer import english

TREEBANK = """\
# sent_id = 1
# text = The dogs don't chase red balls.
1	The	the	DET	DT	Definite=Def	2	det	_	_
2	dogs	dog	NOUN	NNS	Number=Plur	5	nsubj	_	_
3-4	don't	_	_	_	_	_	_	_	_
3	do	do	AUX	VBP	Mood=Ind|Number=Plur|Tense=Pres|VerbForm=Fin	5	aux	_	_
4	n't	not	PART	RB	_	5	advmod	_	_
5	chase	chase	VERB	VB	VerbForm=Inf	0	root	_	_
6	red	red	ADJ	JJ	Degree=Pos	7	amod	_	_
7	balls	ball	NOUN	NNS	Number=Plur	5	obj	_	SpaceAfter=No
8	.	.	PUNCT	.	_	5	punct	_	_

# sent_id = 2
1	He	he	PRON	PRP	Number=Sing	2	nsubj	_	_
2	sat	sit	VERB	VBD	Number=Sing|Tense=Past|VerbForm=Fin	0	root	_	_
3	on	on	ADP	IN	_	5	case	_	_
4	the	the	DET	DT	_	5	det	_	_
5	edge	edge	NOUN	NN	Number=Sing	2	obl	_	_
5.1	left	leave	VERB	VBN	_	_	_	_	_
6	of	of	ADP	IN	_	8	case	_	_
7	yellow	yellow	ADJ	JJ	Degree=Pos	8	amod	_	_
8	leaves	leaf	NOUN	NNS	Number=Plur	5	nmod	_	_
"""


@pytest.fixture
def treebank_file(tmp_path: Path) -> Path:
    """A CoNLL-U file with a contraction, an empty node, and two noun phrases."""
    path = tmp_path / "toy-train.conllu"
    path.write_text(TREEBANK, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def builtin() -> Any:
    """The pipeline that comes with the workbench, whatever else is installed."""
    return english.load(())


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Any], None]:
    """A function that makes a pipeline importable under a package's name, for one test."""
    monkeypatch.syspath_prepend(tmp_path)

    def install_package(name: str, nlp: Any) -> None:
        folder = tmp_path / name
        folder.mkdir()
        nlp.to_disk(folder / "data")
        (folder / "__init__.py").write_text(
            "from pathlib import Path\n"
            "from spacy.util import load_model_from_path\n\n"
            "def load(**options):\n"
            "    return load_model_from_path(Path(__file__).parent / 'data', **options)\n"
        )
        # spaCy asks the package metadata, which a bare folder has not.
        monkeypatch.setattr("spacy.util.is_package", lambda asked: asked == name)

    return install_package
