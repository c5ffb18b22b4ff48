"""Networks whose layers are hard to tell: each says itself what its values are, and can be edited.

network = ready(SharedReLU())
network.edits["relu#1"] = silence(axis=1, unit=2)   # by the network's own code, without hooks
network.values["relu#1"]                            # after a pass, the value of that call
"""

from collections import namedtuple
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


def silence(*, axis: int, unit: int) -> Callable[[Tensor], Tensor]:
    """Set a unit of a value to zero."""

    def edit(value: Tensor) -> Tensor:
        kept = value.clone()
        kept.select(axis, unit).zero_()
        return kept

    return edit


class Open(nn.Module):
    """A network that keeps the values of its calls and lets them be edited."""

    def __init__(self) -> None:
        super().__init__()
        self.edits: dict[str, Callable[[Tensor], Tensor]] = {}
        self.values: dict[str, Tensor] = {}

    def at(self, name: str, value: Tensor) -> Tensor:
        value = self.edits[name](value) if name in self.edits else value
        self.values[name] = value.detach().clone()
        return value


class SharedReLU(Open):
    """One ReLU used three times, over 4, 12 and 6 channels."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv2d(3, 4, 3, padding=1)
        self.b = nn.Conv2d(4, 12, 3, stride=2)
        self.c = nn.Conv2d(12, 6, 1)
        self.relu = nn.ReLU(inplace=True)
        self.linear = nn.Linear(6, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.at("relu#1", self.relu(self.a(x)))
        x = self.at("relu#2", self.relu(self.b(x)))
        x = self.at("relu#3", self.relu(self.c(x)))
        return self.linear(x.mean((2, 3)))


class ChannelsLast(Open):
    """Maps (N, 8, 8, 8) with channels last, as Swin and ConvNeXt have at some image size."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 8, 2, 2)
        self.norm = nn.LayerNorm(8)
        self.mlp = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 8))
        self.linear = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.at("norm", self.norm(self.patch(x).permute(0, 2, 3, 1)))
        x = x + self.at("mlp", self.mlp(x))
        return self.linear(x.mean((1, 2)))


class Lengths(Open):
    """A volume of one slice, and a Conv1d over its positions."""

    def __init__(self) -> None:
        super().__init__()
        self.volume = nn.Conv3d(3, 6, (1, 3, 3))
        self.line = nn.Conv1d(6, 9, 3)
        self.linear = nn.Linear(9, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.at("volume", self.volume(x[:, :, None]))
        x = self.at("line", self.line(x.flatten(2)))
        return self.linear(x.relu().mean(2))


class SequenceFirst(Open):
    """(tokens, N, C), with attention that gives a tuple."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 8, 4, 4)
        self.block = nn.Linear(8, 8)
        self.attention = nn.MultiheadAttention(8, 2)
        self.recurrent = nn.GRU(8, 7)
        self.linear = nn.Linear(7, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.at("block", self.block(self.patch(x).flatten(2).permute(2, 0, 1)))
        x = self.at("attention", self.attention(x, x, x)[0])
        return self.linear(self.at("recurrent", self.recurrent(x)[0]).mean(0))


Pair = namedtuple("Pair", "first second")


class Stem(nn.Module):
    """A convolution whose output is wrapped in something."""

    def __init__(self, wrap: Callable[[Tensor, Tensor], object]) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3)
        self.wrap = wrap

    def forward(self, x: Tensor) -> object:
        return self.wrap(self.conv(x), x)


class Wrapped(Open):
    """A layer that gives a tuple, a named tuple, a dict, or a list of one."""

    WRAPS = {  # noqa: RUF012
        "tuple": (lambda y, x: (y, x), lambda out: out[0]),
        "named": (lambda y, x: Pair(y, x), lambda out: out.first),
        "dict": (lambda y, x: {"aux": x, "out": y}, lambda out: out["out"]),
        "only": (lambda y, x: {"features": y}, lambda out: out["features"]),
        "list": (lambda y, x: [y], lambda out: out[0]),
    }

    def __init__(self, kind: str) -> None:
        super().__init__()
        wrap, self.unwrap = self.WRAPS[kind]
        self.stem = Stem(wrap)
        self.linear = nn.Linear(6, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.at("stem", self.unwrap(self.stem(x)))
        return self.linear(x.relu().mean((2, 3)))


class Windows(Open):
    """Attention's linear layers over windows, (N x windows, tokens, C), and maps (N, C, 1, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 8, 2, 2)
        self.inside = nn.Linear(8, 8)
        self.back = nn.Linear(8, 8)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.linear = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).permute(0, 2, 3, 1)
        n, h, w, c = x.shape
        x = x.reshape(n, h // 4, 4, w // 4, 4, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, 16, c)
        x = self.inside(x).reshape(n, h // 4, w // 4, 4, 4, c).permute(0, 1, 3, 2, 4, 5)
        x = self.at("back", self.back(x.reshape(n, h, w, c)))
        x = self.at("pool", self.pool(x.permute(0, 3, 1, 2)))
        return self.linear(x.flatten(1))


class FunctionalReLU(Open):
    """ReLUs that are no modules; the first is the only reader of `first`, `second` has two."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 6, 3)
        self.second = nn.Conv2d(6, 6, 1)
        self.linear = nn.Linear(6, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.at("first:relu", F.relu(self.first(x)))
        y = self.second(x)
        return self.linear((F.relu(y) - y).mean((2, 3)))


class TokenMixing(Open):
    """An MLP-Mixer's block: one linear layer along tokens, one along channels."""

    def __init__(self, size: int = 16) -> None:
        super().__init__()
        tokens = (size // 4) ** 2
        self.patch = nn.Conv2d(3, 8, 4, 4)
        self.tokens = nn.Linear(tokens, tokens)
        self.channels = nn.Linear(8, 8)
        self.linear = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = x + self.at("tokens", self.tokens(x.transpose(1, 2))).transpose(1, 2)
        x = x + self.at("channels", self.channels(x))
        return self.linear(x.mean(1))


class Prefixed(Open):
    """Five tokens before those of the image, made by a convolution or by no module at all."""

    def __init__(self, patches: bool = True) -> None:
        super().__init__()
        self.patches = patches
        self.patch = nn.Conv2d(3, 8, 8, 8)
        self.before = nn.Parameter(torch.randn(1, 5, 8))
        self.norm = nn.LayerNorm(8)
        self.linear = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        if self.patches:
            x = self.patch(x).flatten(2).transpose(1, 2)
        else:
            assert x.shape[-1] == 16, "images of one size"
            x = F.avg_pool2d(x, 8).flatten(2).transpose(1, 2).repeat(1, 1, 3)[..., :8]
            x = x.sort(1).values  # by their strength, and no longer as they lay
        x = torch.cat([self.before.expand(len(x), -1, -1), x], 1)
        return self.linear(self.at("norm", self.norm(x)).mean(1))
