"""A device is named as torch names it, and is there."""

import pytest
import torch

from db.errors import BadInput
from describer.subjects import devices


def test_auto_is_a_gpu_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for gpus, expected in ((0, "cpu"), (2, "cuda")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda count=gpus: count > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda count=gpus: count)
        assert devices.choose("auto") == expected
        assert devices.choose("cpu") == "cpu"
    assert devices.choose("cuda") == "cuda"
    assert devices.choose("cuda:1") == "cuda:1"
    with pytest.raises(BadInput, match=r"got 'cuda:2', but it has 2 GPU\(s\)"):
        devices.choose("cuda:2")


@pytest.mark.parametrize("name", ["", "gpu", "cuda:-1", "cuda:x", "cuda:²", "cpu:0", "CUDA"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(BadInput, match="expected device auto, cpu, cuda or cuda:N"):
        devices.choose(name)
