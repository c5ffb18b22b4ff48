"""Tables for spaCy's rule lemmatizer, made from a treebank.

    lookups = tables(sentences)          # spacy.lookups.Lookups: lemma_rules, _index, _exc

`rules()` says how English inflects, `IRREGULAR` holds what no rule finds among words that people
use for what they see. The treebank adds an index of known lemmas, with which the lemmatizer
chooses between rules ("hopping" is from "hop", since "hopp" is no word), and the forms whose
lemma the rules miss.

It does not know context: a form has one lemma for each part of speech ("glasses" are "glasses").
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from describer.english.making.treebank import Sentence

if TYPE_CHECKING:
    from spacy.lookups import Lookups

Rule = tuple[str, str]  # ending of the form, ending of its lemma

UNINFLECTED = frozenset({"PUNCT", "SYM", "NUM", "X", "PROPN"})

SIBILANTS = ("ss", "ch", "sh", "x", "zz")  # take -es

IRREGULAR: dict[str, dict[str, str]] = {
    "noun": {
        "axes": "axis",
        "bases": "base",
        "buses": "bus",
        "cacti": "cactus",
        "calves": "calf",
        "canoes": "canoe",
        "canvas": "canvas",
        "canvases": "canvas",
        "children": "child",
        "clothes": "clothes",
        "dice": "die",
        "fungi": "fungus",
        "geese": "goose",
        "glasses": "glasses",
        "hooves": "hoof",
        "knives": "knife",
        "leaves": "leaf",
        "lens": "lens",
        "lenses": "lens",
        "lives": "life",
        "loaves": "loaf",
        "matrices": "matrix",
        "mice": "mouse",
        "movies": "movie",
        "octopuses": "octopus",
        "oxen": "ox",
        "pants": "pants",
        "people": "people",
        "pies": "pie",
        "quizzes": "quiz",
        "scarves": "scarf",
        "scissors": "scissors",
        "series": "series",
        "shoes": "shoe",
        "species": "species",
        "thieves": "thief",
        "ties": "tie",
        "toes": "toe",
        "vertices": "vertex",
        "wives": "wife",
    },
    # A tagger takes the plural in "green leaves" for a verb now and then, and nobody describes
    # that something leaves. "Striped" would be a form of the commoner "strip" otherwise.
    "verb": {"leaves": "leaf", "striped": "stripe"},
}


def rules() -> dict[str, list[Rule]]:
    """Endings and what they become, by part of speech in lower case.

    For a form of unknown lemma the lemmatizer takes the first rule that fits, hence the more
    particular ones first; among rules whose result is known, the last.
    """
    sibilants = [(f"{end}es", end) for end in SIBILANTS]
    noun = [
        *sibilants,
        ("ies", "y"),
        ("oes", "o"),
        ("women", "woman"),
        ("men", "man"),
        ("feet", "foot"),
        ("teeth", "tooth"),
        ("lves", "lf"),
        *((end, end) for end in ("ss", "us", "is")),
        ("s", ""),
        ("ves", "f"),
        ("ves", "fe"),
    ]
    verb = [
        *sibilants,
        ("ies", "y"),
        ("ied", "y"),
        ("oes", "o"),
        ("ss", "ss"),
        ("s", ""),
        ("nging", "ng"),  # hanging, but arranged
        *(rule for ending in ("ed", "ing") for rule in _past(ending)),
        ("ying", "ie"),
    ]
    degree = [
        rule
        for ending in ("er", "est")
        for rule in (
            *((f"{letter * 2}{ending}", letter) for letter in "dgnt"),
            (f"i{ending}", "y"),
            (ending, ""),
            (ending, "e"),
        )
    ]
    return {"noun": noun, "verb": verb, "aux": verb, "adj": degree, "adv": degree}


def _past(ending: str) -> list[Rule]:
    """Rules for -ed or -ing: which stems doubled a consonant and which dropped an e."""
    vowels, pairs = "aiouy", ("ea", "oa", "ai", "oi", "ou", "ee", "oo", "au", "ui", "io", "ei")
    doubled = [(letter * 2, letter) for letter in "bdgmnprt"]
    plain = [pair + letter for pair in pairs for letter in "bdfgklmnprt"] + ["it"]
    silent = [vowel + letter for vowel in vowels for letter in "bdfgklmnprt"]
    silent += [letter + "l" for letter in "bcdfgkpstz"] + [letter + "g" for letter in "dlnr"]
    silent += [letter + "s" for letter in "aeiounprl"] + ["c", "u", "v", "az", "iz", "oz", "yz"]
    return [
        *((stem + ending, lemma) for stem, lemma in doubled),
        *((stem + ending, stem) for stem in plain),
        *((stem + ending, stem + "e") for stem in silent),
        (ending, ""),
        (ending, "e"),
    ]


def tables(sentences: Iterable[Sentence]) -> "Lookups":
    """The lemmatizer's tables: rules, known lemmas, and the forms that the rules get wrong.

    A form with several lemmas gets the commonest. Words that the treebank marks as base forms
    (singular nouns, infinitives, …) are not looked up and make no exceptions.
    """
    from spacy.lookups import Lookups

    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    index: dict[str, set[str]] = defaultdict(set)
    for sentence in sentences:
        rows = zip(sentence.words, sentence.lemmas, sentence.tags, sentence.features, strict=True)
        for word, lemma, tag, features in rows:
            if tag not in UNINFLECTED:
                index[tag.lower()].add(lemma.lower())
                if not is_base_form(tag, features):
                    counts[tag.lower(), word.lower()][lemma.lower()] += 1
    forms: dict[str, dict[str, str]] = defaultdict(dict)
    for (tag, word), lemmas in counts.items():
        forms[tag][word] = lemmas.most_common(1)[0][0]
    for tag, irregular in IRREGULAR.items():
        forms[tag].update(irregular)

    endings = rules()
    exceptions: dict[str, dict[str, list[str]]] = {}
    for tag, known in forms.items():
        exceptions[tag] = _exceptions(known, endings.get(tag, []), index[tag])
    lookups = Lookups()
    lookups.add_table(
        "lemma_rules", {tag: [list(rule) for rule in endings[tag]] for tag in endings}
    )
    lookups.add_table("lemma_index", {tag: sorted(index[tag]) for tag in endings})
    lookups.add_table("lemma_exc", exceptions)
    return lookups


def is_base_form(tag: str, features: str) -> bool:
    """Whether spaCy's English lemmatizer would take such a word for its own lemma."""
    pairs = set(features.split("|"))
    return (
        (tag == "NOUN" and "Number=Sing" in pairs)
        or "VerbForm=Inf" in pairs
        or "Degree=Pos" in pairs
    )


def candidates(word: str, endings: Sequence[Rule], index: set[str]) -> list[str]:
    """The lemmas that the rules find, in the lemmatizer's order of preference.

    >>> candidates("hoping", [("ing", ""), ("ing", "e")], {"hope"})
    ['hope']
    >>> candidates("zorping", [("ing", ""), ("ing", "e")], {"hope"})
    ['zorp', 'zorpe']
    """
    found = [word.removesuffix(old) + new for old, new in endings if word.endswith(old)]
    known = [lemma for lemma in reversed(found) if lemma in index]
    return list(dict.fromkeys(known or found or [word]))


def _exceptions(
    forms: Mapping[str, str], endings: Sequence[Rule], index: set[str]
) -> dict[str, list[str]]:
    """The forms to list because the rules miss their lemma.

    The lemmatizer ignores an exception that a rule has found too, even in a worse place ("leaves"
    as plural of the noun "leave"). Such rivals are taken out of `index`, until none is left.
    """
    while True:
        missed = {}
        rivals = set()
        for word, lemma in forms.items():
            found = candidates(word, endings, index)
            if found[0] != lemma:
                missed[word] = [lemma]
                if lemma in found and found[0] in index:
                    rivals.add(found[0])
        if not rivals:
            return missed
        index -= rivals
