"""Nothing is fetched while a network is built or run, whatever its code says."""

import socket
import threading
from pathlib import Path

import pytest

from db.errors import BadInput
from describer.subjects import factory, offline
from helpers.subject_files import TINY, subject


@pytest.fixture(autouse=True)
def no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))


@pytest.mark.parametrize(
    ("made_by", "kwargs"),
    [
        ("torchvision.models:squeezenet1_1", 'weights = "DEFAULT"'),
        ("torchvision.models:get_model", 'name = "squeezenet1_1", weights = "DEFAULT"'),
        (
            "torchvision.models.segmentation:lraspp_mobilenet_v3_large",
            'weights_backbone = "DEFAULT"',
        ),
        ("timm:create_model", 'model_name = "resnet18.a1_in1k", pretrained = true'),
    ],
)
def test_a_factory_that_wants_to_download_is_refused_with_the_way_out(
    tmp_path: Path, made_by: str, kwargs: str
) -> None:
    pytest.importorskip(made_by.partition(":")[0].partition(".")[0])
    given = subject(tmp_path, "", factory=made_by, more=f"kwargs = {{ {kwargs} }}")
    with pytest.raises(BadInput, match=r"without the internet.*name it in weights = ") as caught:
        factory.build(given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("swallowed", [False, True])
def test_code_of_the_user_that_downloads_is_refused_even_where_it_does_not_mind(
    tmp_path: Path, swallowed: bool
) -> None:
    after = "except OSError: pass" if swallowed else "finally: pass"
    fetch = (
        f"\n\ndef make():\n    from urllib.request import urlopen\n"
        f"    try: urlopen('http://weights.example/w.pt')\n    {after}\n    return Tiny()\n"
    )
    given = subject(tmp_path, TINY + fetch, factory="tiny.py:make")
    with pytest.raises(BadInput, match=r"wants to fetch something from weights\.example"):
        factory.build(given)


def test_backbones_of_torchvision_stay_untrained_without_being_asked(tmp_path: Path) -> None:
    made_by = "torchvision.models.segmentation:lraspp_mobilenet_v3_large"
    given = subject(tmp_path, "", factory=made_by, more="image_size = 64")
    assert factory.build(given)(factory.example(given)).shape == (2, 21, 64, 64)


def test_connections_are_as_before_afterwards() -> None:
    before = (socket.socket.connect, socket.getaddrinfo)
    with offline.refused() as asked, pytest.raises(offline.Fetching):
        socket.create_connection(("weights.example", 80), timeout=1)
    assert asked == ["weights.example"]
    assert (socket.socket.connect, socket.getaddrinfo) == before


FORWARD = """
import torch
from torch import nn


class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.passes = 0

    def forward(self, x):
        self.passes += 1
        if self.passes > FIRST:
            self.fetch()
        return self.conv(x).mean((2, 3))

    def fetch(self):
        from urllib.request import urlopen
        try: urlopen("http://weights.example/w.pt")
        AFTER
"""


@pytest.mark.parametrize("after", ["except OSError: pass", "finally: pass"])
def test_a_network_that_fetches_as_it_runs_is_refused(tmp_path: Path, after: str) -> None:
    code = FORWARD.replace("FIRST", "0").replace("AFTER", after)
    given = subject(tmp_path, code, factory="tiny.py:Tiny")
    with pytest.raises(BadInput, match=r"runs without the internet.* from weights\.example"):
        factory.build(given)


def test_nor_does_one_that_only_begins_later(tmp_path: Path) -> None:
    code = FORWARD.replace("FIRST", "1").replace("AFTER", "finally: pass")
    given = subject(tmp_path, code, factory="tiny.py:Tiny")
    model, before = factory.build(given), socket.socket.connect
    with pytest.raises(OSError, match=r"nothing is fetched .* weights\.example was asked for"):
        model(factory.example(given))
    assert socket.socket.connect is before, "a pass that failed is over as well"


def test_other_threads_connect_while_a_network_runs() -> None:
    server = socket.create_server(("127.0.0.1", 0))
    go, done = threading.Event(), []

    def connect() -> None:
        go.wait(10)
        with socket.create_connection(server.getsockname(), timeout=5):
            done.append("connected")

    with server:
        other = threading.Thread(target=connect)
        other.start()
        with offline.refused(alone=True) as asked:
            go.set()
            other.join()
            late = threading.Thread(target=lambda: done.append(_refusal(server.getsockname())))
            late.start()
            late.join()
        assert done == ["connected", "Fetching"]
        assert asked == ["127.0.0.1"]


def _refusal(address: tuple[str, int]) -> str:
    try:
        socket.create_connection(address, timeout=5).close()
    except OSError as error:
        return type(error).__name__
    return "none"


def test_a_loader_fetches_nothing_either(tmp_path: Path) -> None:
    from describer.images import probing

    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.png").write_bytes(b"")
    (tmp_path / "load.py").write_text(
        "from urllib.request import urlopen\n\n"
        "def load(path):\n    return urlopen('http://weights.example/' + path)\n"
    )
    given = subject(tmp_path, TINY, factory="tiny.py:Tiny", more='loader = "load.py:load"')
    skipped: list[probing.Skipped] = []
    folder = probing.open_folder(tmp_path / "images")
    assert list(probing.batches(folder, given, skipped=skipped)) == []
    assert "nothing is fetched" in skipped[0].reason
