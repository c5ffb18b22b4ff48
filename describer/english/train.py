"""Train the small English pipeline that is shipped, and measure it.

    python -m describer.english.train FOLDER --out describer/english/pipeline

FOLDER holds the UD English Web Treebank (train, dev and test as `.conllu` or `.conllu.gz`). A
convolutional token encoder (spaCy's, as in its `efficiency` preset) is shared by a morphologizer
(universal tags and the features that lemmas depend on) and a transition-based parser; lemmas come
from rules and from tables made of the training part. Twenty minutes on one core.

Training has two parts. The first sees each sentence as it is or without capitals, and noun phrases
cut out of the sentences. The second is shorter and sees as many phrases as sentences, joined and
with other nouns in them, because that is how descriptions look; only in it do names keep their
capitals, since a word without one is hardly ever a name there. Each sentence is a text of its own,
so the parser takes what it is given as one sentence and never splits it.
"""

import argparse
import itertools
import random
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db.errors import WorkbenchError
from describer.english import PIPELINE, inflection, phrases, treebank
from describer.english.measurement import Measurement, measure, unannotated
from describer.english.treebank import Sentence

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.training import Example

WIDTH = 96
TOK2VEC: dict[str, Any] = {
    "model": {
        "@architectures": "spacy.Tok2Vec.v2",
        "embed": {
            "@architectures": "spacy.MultiHashEmbed.v2",
            "width": WIDTH,
            "attrs": ["NORM", "PREFIX", "SUFFIX", "SHAPE"],
            "rows": [5000, 1000, 2500, 1000],
            "include_static_vectors": False,
        },
        "encode": {
            "@architectures": "spacy.MaxoutWindowEncoder.v2",
            "width": WIDTH,
            "depth": 4,
            "window_size": 1,
            "maxout_pieces": 3,
        },
    }
}
LISTENER = {"@architectures": "spacy.Tok2VecListener.v1", "width": WIDTH}
MORPHOLOGIZER: dict[str, Any] = {
    "model": {"@architectures": "spacy.Tagger.v2", "tok2vec": LISTENER}
}
PARSER: dict[str, Any] = {
    "model": {
        "@architectures": "spacy.TransitionBasedParser.v2",
        "state_type": "parser",
        "extra_state_tokens": False,
        "hidden_width": 64,
        "maxout_pieces": 2,
        "use_upper": True,
        "tok2vec": LISTENER,
    }
}

LINKS = ("and", "and", "of", "of", "on", "in", "with", "or", "above", "around")
"""Words between the two phrases of a joined one."""


@dataclass(frozen=True)
class Options:
    """How to train; the defaults made the pipeline that is shipped."""

    steps: int = 1800
    adapting_steps: int = 400
    seed: int = 0
    words_a_batch: int = 1000
    lower: float = 0.3  # share of the sentences that lose their capitals
    phrases: float = 0.4  # noun phrases a sentence in the first part; all lose their capitals
    capital_phrases: float = 0.3  # share of the phrases that get one at their beginning
    joined: float = 0.5  # share of the second part's phrases that are two
    learning_rate: float = 0.002
    adapting_rate: float = 0.001
    dropout: float = 0.1
    report_every: int = 200


def train(
    training: Sequence[Sentence], development: Sequence[Sentence], *, options: Options
) -> "Language":
    """A spaCy pipeline trained on the sentences; scores on `development` are printed as it goes."""
    import spacy
    from spacy.util import fix_random_seed

    fix_random_seed(options.seed)
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config=TOK2VEC)
    nlp.add_pipe("morphologizer", config=MORPHOLOGIZER)
    nlp.add_pipe("parser", config=PARSER)
    nlp.initialize(lambda: [_example(nlp, sentence) for sentence in training])
    general = itertools.islice(_batches(_mixed(training, options), options), options.steps)
    _fit(nlp, list(general), development, options=options, rate=options.learning_rate)
    adapt(nlp, training, development, options=options)
    return nlp


def adapt(
    nlp: "Language",
    training: Sequence[Sentence],
    development: Sequence[Sentence],
    *,
    options: Options,
) -> None:
    """The second part of the training, on text like descriptions, and the tables of lemmas."""
    from spacy.util import fix_random_seed

    fix_random_seed(options.seed)
    batches = _batches(_described(training, options), options)
    chosen = list(itertools.islice(batches, options.adapting_steps))
    _fit(nlp, chosen, development, options=options, rate=options.adapting_rate)
    lemmatizer = nlp.add_pipe("lemmatizer", config={"mode": "rule"})
    lemmatizer.initialize(lookups=inflection.tables(training))


def measurements(nlp: "Language", test: Sequence[Sentence]) -> dict[str, Measurement]:
    """What the card reports: the sentences as such, as plain text, and their noun phrases."""
    short = [phrases.lower_cased(phrase) for phrase in phrases.phrases(test)]
    return {
        "sentences, the treebank's words": measure(nlp, test),
        "sentences, the pipeline's words": measure(nlp, test, own_tokens=True),
        "noun phrases without capitals": measure(nlp, short),
    }


def write(nlp: "Language", folder: Path, *, measured: dict[str, Measurement]) -> int:
    """Write the pipeline with its licence and its card; returns its size in bytes."""
    nlp.meta.update(
        name="milan_workbench",
        version="1.0.0",
        description="Tags, lemmas and parses of short English descriptions",
        license="CC BY-SA 4.0",
        # What pyproject.toml asks for; spaCy warns when it loads a pipeline made for another.
        spacy_version=">=3.8.0,<4.0.0",
        sources=[{"name": "UD English EWT", "license": "CC BY-SA 4.0"}],
    )
    folder.mkdir(parents=True, exist_ok=True)
    nlp.to_disk(folder)
    licence = PIPELINE / "LICENSE"
    if folder.resolve() != PIPELINE.resolve():
        shutil.copyfile(licence, folder / "LICENSE")
    rows = "\n".join(
        f"| {name} | {score.words:.1%} | {score.tags:.1%} | {score.lemmas:.1%} "
        f"| {score.heads:.1%} | {score.labelled_heads:.1%} |"
        for name, score in measured.items()
    )
    (folder / "README.md").write_text(CARD.format(rows=rows), encoding="utf-8")
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _fit(
    nlp: "Language",
    batches: Sequence[Sequence[Sentence]],
    development: Sequence[Sentence],
    *,
    options: Options,
    rate: float,
) -> None:
    """Train on each batch once; the pipeline ends with the average of its weights."""
    from thinc.api import Adam

    optimizer = Adam(rate, L2=0.01, grad_clip=1.0)
    began = time.monotonic()
    for step, batch in enumerate(batches, start=1):
        optimizer.learn_rate = rate * _schedule(step / len(batches))
        nlp.update(
            [_example(nlp, sentence) for sentence in batch], sgd=optimizer, drop=options.dropout
        )
        if step % options.report_every == 0:
            with nlp.use_params(optimizer.averages):
                score = measure(nlp, development)
            print(f"step {step:5d}  {time.monotonic() - began:5.0f} s  {score.line()}", flush=True)
    with nlp.use_params(optimizer.averages):
        averaged = nlp.to_bytes()
    nlp.from_bytes(averaged)


def _schedule(done: float) -> float:
    """Share of the learning rate after a share of the steps: up over a twentieth, then down."""
    return min(done / 0.05, (1 - done) / 0.95)


def _mixed(sentences: Sequence[Sentence], options: Options) -> Iterator[Sentence]:
    """What the first part of the training sees, without end."""
    chance = random.Random(options.seed)
    known = [phrases.lower_cased(phrase) for phrase in phrases.phrases(sentences)]
    while True:
        mixed = [
            phrases.lower_cased(sentence) if chance.random() < options.lower else sentence
            for sentence in sentences
        ]
        some = chance.sample(known, min(len(known), int(options.phrases * len(sentences))))
        mixed += [
            phrases.capitalized(phrase) if chance.random() < options.capital_phrases else phrase
            for phrase in some
        ]
        chance.shuffle(mixed)
        yield from mixed


def _described(sentences: Sequence[Sentence], options: Options) -> Iterator[Sentence]:
    """What the second part of the training sees, without end: sentences and phrases by turns."""
    chance = random.Random(options.seed)
    known = [phrases.lower_cased(phrase, names=False) for phrase in phrases.phrases(sentences)]
    nouns = phrases.nouns(sentences)
    while True:
        for sentence in chance.sample(sentences, len(sentences)):
            lower = chance.random() < options.lower
            yield phrases.lower_cased(sentence, names=False) if lower else sentence
            phrase = chance.choice(known)
            if chance.random() < options.joined:
                phrase = phrases.joined(phrase, chance.choice(LINKS), chance.choice(known))
            phrase = phrases.varied(phrase, nouns, chance)
            capital = chance.random() < options.capital_phrases
            yield phrases.capitalized(phrase) if capital else phrase


def _batches(sentences: Iterable[Sentence], options: Options) -> Iterator[list[Sentence]]:
    """Batches that grow from a quarter of `words_a_batch` to all of it."""
    size = options.words_a_batch / 4
    batch: list[Sentence] = []
    words = 0
    for sentence in sentences:
        batch.append(sentence)
        words += len(sentence.words)
        if words >= size:
            yield batch
            batch = []
            words = 0
            size = min(size * 1.005, options.words_a_batch)


def _example(nlp: "Language", sentence: Sentence) -> "Example":
    """The words, and the annotation to learn."""
    from spacy.tokens import Doc
    from spacy.training import Example

    reference = Doc(
        nlp.vocab,
        words=list(sentence.words),
        spaces=list(sentence.spaces),
        pos=list(sentence.tags),
        morphs=list(sentence.features),
        heads=list(sentence.heads),
        deps=list(sentence.relations),
    )
    return Example(unannotated(nlp, sentence), reference)


CARD = """\
# The built-in English pipeline

Tags, lemmas and parses of short English descriptions, for machines without `en_core_web_*`. A
spaCy pipeline: `spacy.load` on this folder, or `describer.english.load()`.

## Where it is from

Trained on the Universal Dependencies English Web Treebank (UD English EWT), whose annotations are
© The Board of Trustees of The Leland Stanford Junior University and licensed under the Creative
Commons Attribution-ShareAlike 4.0 International licence. This folder (the weights and the tables
of lemmas and word forms, which are derived from the treebank) is under the same licence, whose
text is in `LICENSE`; the rest of the workbench is not derived from it and has its own licence.

Please cite: Natalia Silveira, Timothy Dozat, Marie-Catherine de Marneffe, Samuel Bowman, Miriam
Connor, John Bauer and Christopher D. Manning (2014). A Gold Standard Dependency Corpus for
English. In Proceedings of the Ninth International Conference on Language Resources and Evaluation
(LREC 2014). The treebank: <https://universaldependencies.org/treebanks/en_ewt/>.

Changes made to the treebank for training: of the morphological features only Number, VerbForm,
Tense and Degree are kept; some sentences are used without capitals; noun phrases are cut out of
sentences, joined, given other nouns, and used as texts of their own.

## How it was made

    python -m describer.english.train FOLDER --out describer/english/pipeline

with FOLDER holding the treebank's train, dev and test files. The dev part was only looked at, the
test part only measured.

## How good it is

On the treebank's test part, punctuation included; F1 where the pipeline splits the text itself.
Nothing here was measured on descriptions of units.

| test part | words | UPOS | lemmas | UAS | LAS |
|---|---|---|---|---|---|
{rows}

It reads whatever it is given as one sentence, and gives universal tags (`token.pos_`) and
Universal Dependencies relations; it has no fine-grained tags, entities or word vectors.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, write and print how good the result is."""
    parser = argparse.ArgumentParser(description="Train the built-in English pipeline.")
    parser.add_argument("treebank", type=Path, help="folder with UD English EWT")
    parser.add_argument("--out", type=Path, required=True, help="folder of the pipeline")
    parser.add_argument("--steps", type=int, default=Options.steps, help="steps of the first part")
    options = parser.parse_args(arguments)
    try:
        parts = {
            part: list(treebank.read(treebank.find(options.treebank, part)))
            for part in ("train", "dev", "test")
        }
    except WorkbenchError as error:
        parser.error(str(error))
    nlp = train(parts["train"], parts["dev"], options=Options(steps=options.steps))
    measured = measurements(nlp, parts["test"])
    size = write(nlp, options.out, measured=measured)
    for name, score in measured.items():
        print(f"{name:52s} {score.line()}")
    print(f"{size / 1e6:.1f} MB in {options.out}")


if __name__ == "__main__":
    main()
