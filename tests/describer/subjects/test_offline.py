"""Nothing is fetched while a network is built, whatever its arguments say."""

import socket
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
