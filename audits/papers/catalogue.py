"""The experiments by name: what each asks and where it comes from.

EXPERIMENTS["people"].about
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Experiment:
    """One experiment. title: for a list. about: a sentence. source: in the papers.

    quick: whether the app runs it as it stands; the others need files or hours, and run from the
    command line.
    """

    title: str
    about: str
    source: str
    quick: bool = True


EXPERIMENTS: Mapping[str, Experiment] = {
    "people": Experiment(
        "Methods' sentences against people's",
        "How near each method's sentences come to what people wrote about the same units, beside "
        "people themselves and chance.",
        "MILAN, Table 2",
    ),
    "classes": Experiment(
        "Last layer against class names",
        "How near labels of the last layer come to the names of the classes that its units stand "
        "for.",
        "Describe-and-Dissect, Tables 2, 5 and 12",
    ),
    "reliable": Experiment(
        "Labels against annotations, reliable units apart",
        "How alike labels and annotations are, beside a constant label and the likeness between "
        "annotations themselves.",
        "Describe-and-Dissect, Table 10",
    ),
    "between": Experiment(
        "Two methods' labels",
        "How alike two methods' (or two variants') labels of the same units are.",
        "Describe-and-Dissect, Table 11",
    ),
    "scoring": Experiment(
        "Scoring functions against ratings",
        "What people think of the labels that each scoring function chose.",
        "Describe-and-Dissect, Table 9",
        quick=False,
    ),
    "splits": Experiment(
        "Does a MILAN generalise?",
        "Train on some annotated units or networks, describe others, and compare with people.",
        "MILAN, Tables 3 and 6",
        quick=False,
    ),
    "ablations": Experiment(
        "Describe-and-Dissect without its parts",
        "Describe the same units with each variant, and compare the labels with the full method's "
        "and with class names.",
        "Describe-and-Dissect, Tables 5, 11 and 12",
        quick=False,
    ),
    "forest": Experiment(
        "A classifier refitted after pruning",
        "Prune units that no other is like, fit a random forest on what the network then says of "
        "images, beside random units, all units and a classifier that stays as it was.",
        "Describe-and-Dissect, Tables 7 and 13",
        quick=False,
    ),
}
