"""Subject files written for networks that are named by their family."""

import json
from pathlib import Path

import pytest
import torch

import app
from db.describe import subjects
from db.errors import BadInput
from db.workspace import create, open_database
from describer.images import latents
from describer.layers import catalogue
from describer.subjects import definition, factory, families, processors


def test_a_network_of_torchvision_is_added_by_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import torchvision

    torch.manual_seed(1)
    state = torchvision.models.squeezenet1_1(weights=None).state_dict()
    torch.save({"state_dict": state}, tmp_path / "w.pt")
    workspace = str(tmp_path / "workspace")
    arguments = ["add", "network", "torchvision/squeezenet1_1", "--workspace", workspace]
    assert app.main([*arguments, "--weights", str(tmp_path / "w.pt")]) == 0
    shown = capsys.readouterr()
    assert "the weights are the entry state_dict of w.pt" in shown.err
    with open_database(create(Path(workspace))) as db:
        row = subjects.get(db, "squeezenet1_1")
    subject = definition.read(row.source)
    assert (subject.image_size, subject.resize_size, len(subject.classes)) == (224, 256, 1000)
    assert subject.mean == (0.485, 0.456, 0.406)
    model = factory.build(subject)
    assert all(torch.equal(model.state_dict()[key], value) for key, value in state.items())


def test_a_network_of_timm_is_prepared_as_timm_does(tmp_path: Path) -> None:
    timm = pytest.importorskip("timm", reason="timm is not installed")
    path = families.write("timm/resnet18.a1_in1k", tmp_path)
    subject = definition.read(path)
    theirs = timm.data.resolve_data_config(
        {}, pretrained_cfg=timm.get_pretrained_cfg("resnet18.a1_in1k").to_dict()
    )
    assert subject.size == tuple(theirs["input_size"][1:])
    assert subject.resize_size == int(subject.image_size / theirs["crop_pct"])
    assert (subject.mean, subject.std) == (tuple(theirs["mean"]), tuple(theirs["std"]))
    assert subject.interpolation == theirs["interpolation"]
    assert len(subject.classes) == 1000
    with pytest.raises(BadInput, match="is there already"):
        families.write("timm/resnet18.a1_in1k", tmp_path)


def test_a_network_of_open_clip_answers_as_its_image_half_does(tmp_path: Path) -> None:
    open_clip = pytest.importorskip("open_clip", reason="open_clip is not installed")
    assert definition.read(families.write("open_clip/ViT-B-32", tmp_path)).resize_size == 224
    config = {
        "embed_dim": 12,
        "vision_cfg": {
            "image_size": 32,
            "layers": 2,
            "width": 16,
            "head_width": 8,
            "patch_size": 8,
        },
        "text_cfg": {"context_length": 8, "vocab_size": 9, "width": 8, "heads": 2, "layers": 1},
    }
    (tmp_path / "tiny-workbench.json").write_text(json.dumps(config))
    open_clip.add_model_config(tmp_path / "tiny-workbench.json")
    saved = open_clip.create_model("tiny-workbench").eval()
    torch.save(saved.state_dict(), tmp_path / "w.pt")
    path = families.write("open_clip/tiny-workbench", tmp_path, weights=tmp_path / "w.pt")
    subject = definition.read(path)
    assert (subject.size, subject.mean) == ((32, 32), tuple(open_clip.OPENAI_DATASET_MEAN))
    model, images = factory.build(subject), factory.example(subject)
    torch.testing.assert_close(model(images), saved.encode_image(images, normalize=True))
    (block,) = catalogue.find(latents.trace(model, subject), ["visual.transformer.resblocks.1"])
    assert (block.kind, block.units, block.grid, block.prefix_tokens) == ("tokens", 16, (4, 4), 1)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("open_clip/no-such-net", "expected a network of open_clip, got 'no-such-net'"),
        ("torchvision/resnt18", "expected a network of torchvision, got 'resnt18'"),
        ("torchvision/resnet18.NO", "got 'resnet18.NO'"),
        ("timm/no_such_net", "expected a network of timm, got 'no_such_net'"),
        ("transformers/NoSuch", r"expected a class of transformers \(AutoModel…\), got 'NoSuch'"),
        ("transformers/AutoModel", "the folder that save_pretrained wrote for AutoModel, got none"),
    ],
)
def test_a_name_that_is_none_of_a_family_is_refused(
    tmp_path: Path, name: str, sentence: str
) -> None:
    pytest.importorskip(name.partition("/")[0])
    with pytest.raises(BadInput, match=sentence):
        families.write(name, tmp_path)


def test_weights_belong_to_names_and_have_to_be_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BadInput, match=r"the weights of torchvision/resnet18 at .*none\.pt"):
        families.write("torchvision/resnet18", tmp_path, weights=tmp_path / "none.pt")
    path = tmp_path / "SUBJECT.toml"
    path.touch()
    arguments = ["--workspace", str(tmp_path / "workspace"), "--weights", "w.pt"]
    assert app.main(["add", "network", str(path), *arguments]) == 2
    assert "names its weights itself" in capsys.readouterr().err
    assert app.main(["add", "images", str(tmp_path), *arguments]) == 2
    assert "--weights with network alone" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (
            {"size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224}},
            {"image_size": [224, 224], "resize_size": 256},
        ),
        ({"size": 224}, {"image_size": 224, "resize_size": [224, 224]}),
        (
            {"size": {"shortest_edge": 224}, "crop_pct": 0.875},
            {"image_size": 224, "resize_size": 256},
        ),
        (
            {"size": {"shortest_edge": 384}, "crop_pct": 0.875},
            {"image_size": 384, "resize_size": [384, 384]},
        ),
        (
            {"size": {"height": 30, "width": 40}, "do_resize": False, "do_normalize": False},
            {"image_size": [30, 40], "mean": [0.0] * 3, "std": [1.0] * 3},
        ),
        (
            {"image_mean": [0.5], "image_std": [0.25], "resample": 0},
            {"mean": [0.5], "std": [0.25], "interpolation": "nearest"},
        ),
    ],
)
def test_processors_of_hugging_face_are_read(
    tmp_path: Path, config: dict[str, object], expected: dict[str, object]
) -> None:
    import json

    (tmp_path / "preprocessor_config.json").write_text(json.dumps(config))
    assert processors.preparation(tmp_path) == expected


def test_a_folder_that_says_nothing_says_nothing(tmp_path: Path) -> None:
    assert processors.preparation(tmp_path) == {}
    (tmp_path / "config.json").write_text("[1")
    assert processors.preparation(tmp_path) == {}
