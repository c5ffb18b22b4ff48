"""The classifier head trained again with units silent: how much of the loss it wins back.

    network = Evaluator(model)
    found = fine_tune(network, train, validation, test, units={"layer4": [5, 9]}, seed=0)
    found.before, found.after               # test accuracy with the head as it was, and trained

Only the last linear layer learns. What it reads is computed once for each set of images, with the
units silent; then AdamW with early stopping on the validation images' loss, the best weights kept.
The network itself is not changed. Beside an edited network stands the unedited one, its head
trained in the same way: else a gain of training alone would be taken for one of the edit.
"""

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from audits.ablation.engine.hooks import Units, find_modules
from audits.ablation.engine.rows import relative_difference
from audits.ablation.result import Tuned
from audits.network.evaluation import Evaluator
from audits.network.images import Images
from audits.network.labels import one_each
from db.errors import BadInput
from db.jobs import Watch
from describer.layers import catalogue as network_layers

LEARNING_RATE = 1e-3
BATCH = 64
MOST_EPOCHS = 200
PATIENCE = 4


def fine_tune(
    network: Evaluator,
    train: Images,
    validation: Images,
    test: Images,
    *,
    units: Units,
    seed: int = 0,
    watch: Watch | None = None,
) -> Tuned:
    """Train the head with units silent.

    Args:
        network: given back unchanged.
        train, validation, test: labelled images.
        units: unit numbers by layer; none for the unedited network.

    Raises:
        BadInput: images without labels, a network that does not end in a linear layer, or units of
            that layer: it would learn to be right without what was silenced.
        Cancelled: the watch said so.
    """
    for images in (train, validation, test):
        if images.labels is None:
            raise BadInput(f"expected labelled images to train a head, got none in {images.name}")
        one_each(images.labels, purpose=f"of {images.name} to train a head")
    watch = watch or Watch()
    features = []
    head = head_below(network.model, train, units)
    # The features below come one a pass: a network that was never looked at is looked at before.
    network_layers.known(network.model, next(iter(train.batches())))
    with network.ablated(units):
        for images in (train, validation, test):
            features.append(_features(network.model, head, images, watch))
    labels = [
        torch.as_tensor(images.labels, device=features[0].device)
        for images in (train, validation, test)
    ]
    before = _accuracy(head, features[2], labels[2])
    trained, epochs, best = _train(head, features[:2], labels[:2], seed, watch)
    return Tuned(before, _accuracy(trained, features[2], labels[2]), epochs, best)


def head_below(model: nn.Module, images: Images, units: Units) -> nn.Linear:
    """The head of a network, none of whose own units is among those to be silent.

    Raises:
        BadInput: there is no head, or it is to be silent itself.
    """
    head = head_of(model, images)
    for name, module in find_modules(model, units).items():
        # What is learned is read before any unit of the head is silenced.
        if units[name] and any(each is head for each in module.modules()):
            raise BadInput(
                f"expected units below the head that is trained, got {len(units[name])} of {name}, "
                "which is the head: take them off, or train no head"
            )
    return head


def head_of(model: nn.Module, images: Images) -> nn.Linear:
    """The linear layer whose output is the network's.

    Raises:
        BadInput: there is none.
    """
    last: list[tuple[nn.Linear, Tensor]] = []

    def watch(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        assert isinstance(module, nn.Linear)
        last[:] = [(module, output)]

    hooks = [
        module.register_forward_hook(watch)
        for module in model.modules()
        if isinstance(module, nn.Linear)
    ]
    try:
        with torch.no_grad():
            logits = model(next(iter(images.batches()))[:2])
    finally:
        for hook in hooks:
            hook.remove()
    if not last or last[0][1].shape != logits.shape or relative_difference(last[0][1], logits) > 0:
        raise BadInput(
            "expected a network that ends in a linear layer, whose head could be trained, got one "
            "that ends in something else"
        )
    return last[0][0]


def _features(model: nn.Module, head: nn.Linear, images: Images, watch: Watch) -> Tensor:
    """What the head reads: float (count, features)."""
    found: list[Tensor] = []
    done = 0

    def note(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        found.append(inputs[0].detach().clone())

    hook = head.register_forward_pre_hook(note)
    try:
        with torch.no_grad():
            for batch in images.batches():
                watch.check(f"after {done} of {images.count} images")
                model(batch)
                done += len(batch)
                watch.progress(done, images.count, f"features of {images.name}")
    finally:
        hook.remove()
    return torch.cat(found)


def _train(
    head: nn.Linear,
    features: list[Tensor],
    labels: list[Tensor],
    seed: int,
    watch: Watch,
) -> tuple[nn.Linear, int, int]:
    """The head of the best epoch, how many epochs were trained, and which was the best."""
    trained = copy.deepcopy(head).requires_grad_(True)
    optimizer = torch.optim.AdamW(trained.parameters(), lr=LEARNING_RATE)
    generator = torch.Generator().manual_seed(seed)
    kept = copy.deepcopy(trained)
    lowest, best, epoch = _loss(trained, features[1], labels[1]), 0, 0
    for epoch in range(1, MOST_EPOCHS + 1):
        watch.check(f"after {epoch - 1} epochs of the head")
        order = torch.randperm(len(features[0]), generator=generator).to(features[0].device)
        for rows in torch.split(order, BATCH):
            optimizer.zero_grad()
            loss = F.cross_entropy(trained(features[0][rows]), labels[0][rows])
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        now = _loss(trained, features[1], labels[1])
        if now < lowest:
            lowest, best, kept = now, epoch, copy.deepcopy(trained)
        if epoch - best >= PATIENCE:
            break
    return kept, epoch, best


def _loss(head: nn.Linear, features: Tensor, labels: Tensor) -> float:
    with torch.no_grad():
        return float(F.cross_entropy(head(features), labels))


def _accuracy(head: nn.Linear, features: Tensor, labels: Tensor) -> float:
    with torch.no_grad():
        return float((head(features).argmax(dim=1) == labels).float().mean())
