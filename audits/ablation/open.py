"""What an ablation of a workspace works on: the network and the images that its plan names.

opened = open_plan(workspace, plan, watch, device="cpu")
means = means_of(opened.network, "mean", units, opened.validation)
"""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from audits.ablation.engine.hooks import Rule, Units, layer_means
from audits.ablation.plan import Plan
from audits.network.images import Images, Network, open_entered, open_images
from audits.network.label_table import read_labels
from db.describe import subjects
from db.describe.subjects import ProbingSetRow
from db.jobs import Watch
from db.workspace import Workspace, open_database
from describer.images.probing import Skipped


@dataclass(frozen=True)
class Opened:
    """A network and the images of a plan; `training` only where the head is trained."""

    network: Network
    validation: Images
    test: Images
    training: Images | None
    skipped: tuple[Skipped, ...]


def open_plan(workspace: Workspace, plan: Plan, watch: Watch, *, device: str) -> Opened:
    """Load what a plan names.

    Raises:
        BadInput, NotFound: it cannot be used any more.
        Cancelled: the watch said so.
    """
    with open_database(workspace) as db:
        row = subjects.get(db, plan.subject)
        validation = subjects.get_probing_set(db, plan.validation)
        test = subjects.get_probing_set(db, plan.test)
        training = subjects.get_probing_set(db, plan.training) if plan.training else None
    watch.progress(0, 0, "loading the network")
    network = open_entered(row, device=device)
    skipped: list[Skipped] = []

    def opened(folder: ProbingSetRow, table: str = "") -> Images:
        return open_images(
            folder.root,
            network,
            name=folder.name,
            labels=read_labels(table) if table.strip() else None,
            skipped=skipped,
            watch=watch,
        )

    return Opened(
        network,
        opened(validation, plan.validation_labels),
        opened(test, plan.test_labels),
        None if training is None else opened(training),
        tuple(skipped),
    )


def means_of(
    network: Network, rule: Rule, units: Units, images: Images
) -> Mapping[str, Tensor] | None:
    """What units become by a rule: their layers' means over the images, None for zero."""
    return layer_means(network.model, units, images.batches()) if rule == "mean" else None
