"""Every reader of a file that people bring: a valid file of its kind, and what reads it.

    reader = READERS["checkpoint.json"]
    target = reader.make(folder)            # writes what belongs together, returns what is damaged
    reader.read(target)                     # as the product reads it, to the last value

Imports stand in the functions: a run of one reader loads only what that one needs.
"""

import csv
import io
import json
import shutil
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Reader:
    """A reader.

    Attributes:
        form: of the file, as `mutations.mutate` knows forms.
        make: writes a valid file, with what lies beside it, into an empty folder.
        read: reads it; returns, or raises a WorkbenchError.
    """

    form: str
    make: Callable[[Path], Path]
    read: Callable[[Path], object]


def _exemplars(folder: Path) -> Path:
    import numpy as np

    from db.arrays import ImageStore
    from describer.exemplars import layout
    from describer.exemplars.records import LayerExemplars
    from describer.images.probing import Skipped
    from describer.layers.catalogue import Layer

    store = ImageStore(folder / "probe-images")
    noise = np.random.default_rng(0).integers(0, 255, (4, 3, 8, 8), np.uint8)
    names = {number: store.put(image) for number, image in enumerate(noise)}
    layer = Layer("conv1", "map", 2, (2, 2))
    kept = LayerExemplars(
        layer,
        ids=np.array([[0, 1, 2], [3, 1, -1]]),
        activations=np.array([[3, 2, 1], [2, 1, -np.inf]], np.float32),
        maps=np.ones((2, 3, 2, 2), np.float16),
        levels=np.zeros(2, np.float32),
        dead=np.array([False, True]),
        nan_counts=np.array([0, 3]),
    )
    written = layout.Written(
        {"conv1": "0" * 40}, {"k": 3}, ["a.png", "b.png", "c.png", "d.png"], names, (8, 8),
        [Skipped("e.png", "cannot be read")], ["A sentence."],
    )  # fmt: skip
    layout.write(folder, {"conv1": kept}, written)
    return folder / layout.DESCRIPTION


def _exemplar_file(name: str) -> Callable[[Path], Path]:
    return lambda folder: _exemplars(folder).parent / "conv1" / name


def _read_exemplars(folder: Path) -> None:
    from db.errors import NotFound
    from describer.exemplars import layout

    source = layout.read(folder)
    if isinstance(source, layout.ExemplarFolder):
        _ = source.provenance, source.skipped, source.notes
    for layer in source.layers:
        _ = source.hash(layer), source.record(layer), source.exemplars(layer)
        for unit in range(min(source.units(layer), 8)):
            found = source.unit(layer, unit)
            for rank in range(min(len(found.ids), 4)):
                source.mask(layer, unit, rank)
    with suppress(NotFound):
        source.image(0)


def _published_exemplars(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        import numpy as np

        (folder / "conv1").mkdir()
        np.save(folder / "conv1" / "images.npy", np.zeros((2, 3, 3, 8, 8), np.uint8))
        np.save(folder / "conv1" / "masks.npy", np.ones((2, 3, 1, 8, 8), np.uint8))
        np.savetxt(folder / "conv1" / "ids.csv", np.arange(6).reshape(2, 3), "%d", ",")
        np.savetxt(folder / "conv1" / "activations.csv", np.ones((2, 3)), "%g", ",")
        return folder / "conv1" / name

    return make


def _model() -> Any:
    import torch

    from describer.milan.backbones import EncoderConfig
    from describer.milan.decoder import Decoder, DecoderConfig
    from describer.milan.language import LanguageConfig, LanguageModel
    from describer.milan.model import Model
    from describer.milan.vocabulary import Vocabulary

    torch.manual_seed(0)
    vocabulary = Vocabulary(("dog", "faces", "red", "round"))
    size = len(vocabulary)
    return Model(
        decoder=Decoder(DecoderConfig(size, 10, 5, 6, 7, steps=3)).eval(),
        language=LanguageModel(LanguageConfig(size, 5, 6)).eval(),
        vocabulary=vocabulary,
        encoder_config=EncoderConfig(
            "resnet18", "torchvision.models:resnet18", ("conv1",), {"num_classes": 3}
        ),
    )


def _checkpoint(folder: Path) -> Path:
    from describer.milan.checkpoints import folder as checkpoints

    checkpoints.save(_model(), folder / "c", training={"seed": 0})
    return folder / "c" / checkpoints.DESCRIPTION


def _read_checkpoint(target: Path) -> None:
    from describer.milan.checkpoints import folder as checkpoints

    model = checkpoints.load(target.parent)
    _ = model.hash, model.encoder_config.layers


def _published_checkpoint(folder: Path) -> Path:
    """The parts of a published checkpoint that are read, from a model of ours."""
    import torch

    from describer.milan.checkpoints import published

    model = _model()
    names = {ours: theirs for theirs, ours in published._DECODER_NAMES.items()}
    state = {
        f"{names[key.rpartition('.')[0]]}.{key.rpartition('.')[2]}": value
        for key, value in model.decoder.state_dict().items()
    }
    words = {"properties": {"tokens": list(model.vocabulary.words)}}
    properties = {
        "indexer": {"properties": {"vocab": words}},
        "encoder": {"properties": {"config": "resnet18"}},
        "length": 3,
        "dropout": 0.5,
    }
    torch.save({"properties": properties, "state_dict": state}, folder / "milan.pth")
    return folder / "milan.pth"


def _read_published_checkpoint(target: Path) -> None:
    from describer.milan.checkpoints import published

    published.load(target)


def _weights(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        import torch
        from safetensors.torch import save_file

        state = {"conv.weight": torch.ones(4, 3, 3, 3).half(), "conv.bias": torch.zeros(4)}
        if name == "weights.safetensors":
            save_file(state, folder / name)
        elif name == "old.pt":
            torch.save(
                {"model": state, "epoch": 3}, folder / name, _use_new_zipfile_serialization=False
            )
        elif name == "weights.pt":
            torch.save({"model": state, "epoch": 3}, folder / name)
        else:
            save_file(state, folder / "part.safetensors")
            files = dict.fromkeys(state, "part.safetensors")
            (folder / name).write_text(json.dumps({"weight_map": files}))
        return folder / name

    return make


def _read_weights(target: Path) -> None:
    from describer.subjects import states

    for state in states.read(target).values():
        for value in state.values():
            if hasattr(value, "sum"):
                value.sum()


def _text(name: str, content: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_text(content, encoding="utf-8")
        return folder / name

    return make


_RECORD: dict[str, Any] = {
    "id": "x/1", "subject": "net", "layer": "layer4", "unit": 3, "exemplar_hash": "0" * 40,
    "annotator": "p-1", "annotator_kind": "human", "purpose": "collect", "slot": 1,
    "status": "approved", "kind": "text", "text": "dog faces", "withdrawn": False,
    "claimed_utc": "2026-01-01T00:00:00.000Z", "created_utc": "2026-01-01T00:01:00.000Z",
    "revised_utc": "2026-01-01T00:01:00.000Z", "seconds": 12.5, "pasted_characters": 0,
    "unmasked_looks": 1, "flags": {"short": "2 words"},
    "revisions": [{"number": 1, "kind": "text", "text": "dog faces",
                   "created_utc": "2026-01-01T00:01:00.000Z", "withdrawn": False}],
    "reviews": [{"verdict": "approved", "reason": "", "reviewer": "p-2",
                 "created_utc": "2026-01-02T00:01:00.000Z", "undoes": None}],
    "rating": None,
}  # fmt: skip
_RATED = {
    **_RECORD, "id": "x/2", "annotator": "p-3", "slot": 2, "kind": "text", "text": "dogs",
    "rating": {"marks": [{"text": "dogs", "methods": ["milan"], "rating": 4, "shown": 1},
                         {"text": "cats", "methods": ["other"], "rating": 2, "shown": 2}],
               "best": "dogs", "valid": True, "reason": ""},
}  # fmt: skip


def _lines(record: dict[str, Any]) -> list[str]:
    numbers = (1, 2)
    return [
        json.dumps({**record, "id": f"x/{n}", "annotator": f"p-{n}", "slot": n}) for n in numbers
    ]


def _answers_csv(folder: Path) -> Path:
    from annotator.exchange.exports import FULL

    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(FULL)
    for number in (1, 2):
        values = {**_RECORD, "id": f"x/{number}", "annotator": f"p-{number}", "slot": number}
        row = []
        for name in FULL:
            value = values.get(name)
            plain = value is None or not isinstance(value, dict | list | bool)
            row.append(("" if value is None else value) if plain else json.dumps(value))
        writer.writerow(row)
    (folder / "answers.csv").write_text(written.getvalue(), encoding="utf-8")
    return folder / "answers.csv"


_MTURK = (
    "HITId,AssignmentId,WorkerId,AssignmentStatus,AcceptTime,SubmitTime,WorkTimeInSeconds,"
    "Input.layer,Input.unit,Answer.summary,ApprovalTime,RejectionTime,RequesterFeedback\n"
    "h1,a1,w1,Approved,Mon Jan 05 10:00:00 PST 2026,Mon Jan 05 10:01:00 PST 2026,60,"
    "layer4,1,dog faces,Mon Jan 05 11:01:00 PST 2026,,\n"
    "h1,a2,w2,Rejected,Mon Jan 05 10:00:00 PST 2026,Mon Jan 05 10:01:00 PST 2026,60,"
    'layer4,1,"[{""summary"": ""cat faces""}]",,Mon Jan 05 11:01:00 PST 2026,too short\n'
    "h2,a3,w1,Submitted,1,1767600000,60,layer4,2,the sky,,,\n"
)
_LABEL_STUDIO = json.dumps(
    [
        {
            "id": 1,
            "data": {"image": "/data/upload/1/3f2a91bc-layer4_12.png"},
            "annotations": [
                {
                    "completed_by": {"id": 1, "email": "a@b.c"},
                    "result": [{"value": {"text": ["dog faces"]}, "type": "textarea"}],
                    "created_at": "2026-01-01T00:00:00Z",
                    "lead_time": 12.5,
                },
            ],
        },
        {"image": "layer4_2.png", "annotator": "x", "text": "the sky", "answer": "accept"},
    ]
)


def _read_answers(target: Path) -> None:
    """Read and enter them, as a campaign of their own in a database in memory."""
    from annotator.exchange import imports
    from db import workspace
    from db.annotate import transfers

    found = imports.load(target, subject="net")
    imports.says_networks(target.read_bytes(), target.name)
    with closing(sqlite3.connect(":memory:")) as connection:
        db = workspace.prepare(connection)
        transfers.enter(db, "spring", found.records, person="ada")


_RATINGS = (
    "Layer,Unit,Milan E1 Rating,Milan E2 Rating,Other E1 Rating,Other E2 Rating,None E1\n"
    "layer4,1,4,3,2,2,FALSE\nlayer4,2,5,5,5,1,TRUE\n"
)
_RATINGS_LONG = (
    "id,subject,layer,unit,method,description,rater,rating,best,valid,status\n"
    "x,net,layer4,1,milan,dogs,p-1,4,true,true,approved\n"
    "x,net,layer4,1,other,cats,p-1,2,false,true,approved\n"
)


def _ratings_long(folder: Path) -> Path:
    from annotator.exchange.exports import RATINGS

    first, *rows = _RATINGS_LONG.splitlines()
    cells = [dict(zip(first.split(","), row.split(","), strict=True)) for row in rows]
    lines = [",".join(RATINGS), *(",".join(row.get(n, "1") for n in RATINGS) for row in cells)]
    return _text("ratings.csv", "\n".join(lines) + "\n")(folder)


def _read_ratings(target: Path) -> None:
    from annotator.ratings import tables

    found = tables.read(target)
    tables.summary(found)


def _read_labels(target: Path) -> None:
    import numpy as np

    from audits.network import labels
    from describer.images.probing import ProbingSet

    found = labels.read_labels(target)
    images = ProbingSet(target.parent, ("a/1.png", "a/2.png", "b.png"))
    given = labels.labels_of(images, labels=found)
    labels.assigned(images, given)
    assert given is None or given.dtype == np.int64


def _read_class_index(target: Path) -> None:
    from audits.network import labels
    from describer.images.probing import ProbingSet

    table = labels.read_class_table(target)
    images = ProbingSet(target.parent, ("cat/1.png", "dog/2.png"), ("cat", "dog"), (0, 1))
    given = labels.labels_of(images, table=table)
    labels.assigned(images, given)


_SUBJECT = """name = "net"
factory = "net.py:Net"
image_size = 32
resize_size = 40
mean = [0.5, 0.5, 0.5]
std = [0.2, 0.2, 0.2]
kwargs = {classes = 3}
weights = "weights"
layers = ["conv1"]
classes = ["cat", "dog", "cow"]
interpolation = "bicubic"
background = [0, 0, 0]
white = 255
answer = "logits"
prefix_tokens = 1
axis = {"conv1" = 1}
"""


def _subject(folder: Path) -> Path:
    return _text("SUBJECT.toml", _SUBJECT)(folder)


def _prepared(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        plain = 'name = "net"\nfactory = "net.py:Net"\nweights = "weights"\n'
        _text("SUBJECT.toml", plain)(folder)
        (folder / "weights").mkdir()
        contents: dict[str, Any] = {
            "preprocessor_config.json": {
                "size": {"shortest_edge": 40}, "crop_size": {"height": 32, "width": 32},
                "do_center_crop": True, "do_resize": True, "do_normalize": True, "resample": 3,
                "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5], "crop_pct": 0.9,
            },
            "config.json": {
                "pretrained_cfg": {
                    "input_size": [3, 32, 32], "crop_pct": 0.9, "crop_mode": "center",
                    "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "interpolation": "bicubic",
                }
            },
        }  # fmt: skip
        (folder / "weights" / name).write_text(json.dumps(contents[name]))
        return folder / "weights" / name

    return make


def _read_subject(target: Path) -> None:
    from describer.subjects import definition

    folder = target.parent if target.name == "SUBJECT.toml" else target.parent.parent
    subject = definition.read(folder / "SUBJECT.toml")
    _ = subject.size, subject.channels, definition.further(subject)
    json.dumps(definition.further(subject))


_QUESTIONS = """pass_mark: 1
questions:
- unit: net/layer4/1
  options: [dogs, cats]
  answer: dogs
  reason: they have ears
- unit: net/layer4/2
  options: [sky, "no"]
  answer: sky
"""


def _read_questions(target: Path) -> None:
    from annotator.campaigns import qualification
    from db import workspace
    from db.describe import exemplars, subjects
    from db.describe.subjects import LayerRow
    from db.errors import BadInput

    try:
        text = target.read_text("utf-8")
    except UnicodeDecodeError as error:  # a page sends text
        raise BadInput(str(error)) from error
    with closing(sqlite3.connect(":memory:")) as connection:
        db = workspace.prepare(connection)
        layers = [LayerRow("layer4", "map", 4)]
        subject = subjects.add(db, "net", source=target, weights_hash="n", layers=layers)
        exemplars.add(
            db, hash="0" * 64, subject_id=subject.subject_id, probing_set_id=None, layer="layer4",
            units=4, k=15, folder="noise", provenance={},
        )  # fmt: skip
        qualification.write(db, qualification.read(db, text))


_DESCRIPTIONS = (
    "layer,unit,description,score,log_p,log_p_given_e\n"
    'layer4,0,dog faces,0.5,-3.5,-1.5\nlayer4,1,"[""sky"", ""sea""]",,,\n'
    "layer4,2,round things,1,-2,-1\n"
)


def _read_descriptions(target: Path) -> None:
    from db import workspace
    from db.describe import subjects
    from db.describe.subjects import LayerRow
    from describer.methods import imports

    with closing(sqlite3.connect(":memory:")) as connection:
        db = workspace.prepare(connection)
        layers = [LayerRow("layer4", "map", 4)]
        subjects.add(db, "net", source=target, weights_hash="n", layers=layers)
        imports.enter(db, target, subject="net", person="ada")


def _read_training(target: Path) -> None:
    from describer.milan.training import data

    data.read_annotations(target)


def _picture(size: tuple[int, int] = (8, 8), kind: str = "PNG") -> bytes:
    import numpy as np
    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 255, (*size, 3), np.uint8)
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, kind)
    return written.getvalue()


def _tar(folder: Path) -> Path:
    with tarfile.open(folder / "test-0001.tar", "w") as archive:
        for number in range(3):
            for kind, content in (
                ("png", _picture()),
                ("cls", str(number % 2).encode()),
                ("json", json.dumps({"label": number % 2}).encode()),
            ):
                member = tarfile.TarInfo(f"{number:04d}.{kind}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return folder / "test-0001.tar"


def _parquet(folder: Path) -> Path:
    import pyarrow as pa
    from pyarrow import parquet

    pictures = [{"bytes": _picture(), "path": f"{number}.png"} for number in range(3)]
    features = {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}
    table = pa.table({"image": pictures, "label": [0, 1, 0]})
    noted = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
    parquet.write_table(table.replace_schema_metadata(noted), folder / "test.parquet")
    return folder / "test.parquet"


def _arrow(folder: Path) -> Path:
    import pyarrow as pa

    pictures = [{"bytes": _picture(), "path": f"{number}.png"} for number in range(3)]
    table = pa.table({"image": pictures, "label": [0, 1, 0]})
    with pa.ipc.new_stream(folder / "data.arrow", table.schema) as stream:
        stream.write_table(table)
    (folder / "dataset_info.json").write_text(
        json.dumps({"features": {"label": {"names": ["cat", "dog"]}}})
    )
    return folder / "data.arrow"


def _dataset_info(folder: Path) -> Path:
    return _arrow(folder).parent / "dataset_info.json"


def _image(name: str, kind: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / "images" / "a").mkdir(parents=True)
        (folder / "images" / "a" / "whole.png").write_bytes(_picture())
        (folder / "images" / "a" / name).write_bytes(_picture((16, 12), kind))
        return folder / "images" / "a" / name

    return make


def _look(root: Path) -> None:
    from describer.images import probing
    from describer.subjects.definition import Subject

    images = probing.open_folder(root)
    subject = Subject("net", "net.py:Net", 8, (0.5,) * 3, (0.5,) * 3)
    skipped: list[probing.Skipped] = []
    for _ in probing.batches(images, subject, skipped=skipped):
        pass
    probing.conversions(images, subject)
    probing.digest(images)


def _read_packed(target: Path) -> None:
    _look(target if target.suffix != ".json" else target.parent)


def _read_image(target: Path) -> None:
    _look(target.parent.parent)


def _workspace(folder: Path) -> Any:
    from annotator.campaigns.plan import Settings
    from db.annotate import campaigns
    from db.describe import exemplars, subjects
    from db.describe.subjects import LayerRow
    from db.workspace import create, open_database

    workspace = create(folder / "w")
    with open_database(workspace) as db:
        layers = [LayerRow("layer4", "map", 40)]
        subject = subjects.add(db, "net", source=folder, weights_hash="n", layers=layers)
        entered = exemplars.add(
            db, hash="0" * 64, subject_id=subject.subject_id, probing_set_id=None, layer="layer4",
            units=40, k=15, folder="", provenance={},
        )  # fmt: skip
        units = [unit.unit_id for unit in exemplars.units_of(db, entered.exemplar_set_id)]
        campaigns.add(db, "c", units, settings=Settings("One sentence."), person="ada")
        db.execute("pragma wal_checkpoint(truncate)")
    return workspace


def _database(folder: Path) -> Path:
    workspace = _workspace(folder)
    with closing(sqlite3.connect(workspace.database)) as connection:
        connection.execute("pragma journal_mode = delete")
    return Path(workspace.database)


def _read_database(target: Path) -> None:
    from db import backup
    from db.annotate import campaigns
    from db.describe import exemplars
    from db.workspace import Workspace, open_database

    for name in ("-wal", "-shm", "-journal"):
        Path(f"{target}{name}").unlink(missing_ok=True)
    workspace = Workspace(target.parent)
    backup.damages(workspace)
    with open_database(workspace) as db:
        for each in exemplars.sets(db):
            exemplars.units_of(db, each.exemplar_set_id)
        campaigns.every(db)


def _backup(folder: Path) -> Path:
    from db import backup

    workspace = _workspace(folder)
    (workspace.checkpoints / "x").mkdir()
    (workspace.checkpoints / "x" / "a.txt").write_text("a")
    backup.write(workspace, folder / "lab.tar")
    shutil.rmtree(workspace.path)
    return folder / "lab.tar"


def _read_backup(target: Path) -> None:
    from db import backup

    into = target.parent / "restored"
    shutil.rmtree(into, ignore_errors=True)
    try:
        backup.restore(target, into)
    finally:
        left = [path.name for path in target.parent.iterdir() if path.name.startswith(".rest")]
        shutil.rmtree(into, ignore_errors=True)
        assert not left, left


_ENDPOINTS = '[local]\naddress = "http://127.0.0.1:8000/v1"\nmodel = "m"\ntimeout = 30\n'


def _read_endpoints(target: Path) -> None:
    from describer.methods.models import endpoint

    endpoint.read(target.parent)


def _endpoints(folder: Path) -> Path:
    from describer.methods.models import endpoint

    return _text(endpoint.SETTINGS, _ENDPOINTS)(folder)


def _coco(folder: Path) -> Path:
    things = [
        {
            "image_id": 1,
            "category_id": 7,
            "segmentation": {"counts": [10, 20, 570], "size": [20, 30]},
        },
        {"image_id": 1, "category_id": 3, "segmentation": {"counts": ":d0ja0", "size": [20, 30]}},
        {"image_id": 2, "category_id": 7, "segmentation": [[1, 1, 9, 1, 9, 9, 1, 9]]},
    ]
    return _text(
        "instances.json",
        json.dumps(
            {
                "categories": [
                    {"id": 7, "name": "dog", "supercategory": "animal"},
                    {"id": 3, "name": "sky"},
                ],
                "images": [
                    {"id": 1, "file_name": "thing.jpg", "height": 20, "width": 30},
                    {"id": 2, "file_name": "other.jpg", "height": 20, "width": 30},
                ],
                "annotations": things,
            }
        ),
    )(folder)


def _yolo(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        _text("data.yaml", "names:\n  0: sky\n  1: dog\nnc: 2\n")(folder)
        _text("thing.txt", "1 0.1 0.1 0.9 0.1 0.9 0.9\n0 0.5 0.5 0.2 0.2\n")(folder)
        return folder / name

    return make


def _broden(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / "images").mkdir()
        (folder / "images" / "thing_object.png").write_bytes(_picture((20, 30)))
        _text("label.csv", "number,name,category\n257,dog,object(12)\n3,street,scene(4)\n")(folder)
        _text(
            "index.csv",
            "image,split,ih,iw,sh,sw,color,object,scene\n"
            "some/thing.jpg,train,20,30,20,30,,thing_object.png,3\n",
        )(folder)
        return folder / name

    return make


def _segmentation(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        import numpy as np
        from PIL import Image

        (folder / "labels").mkdir()
        Image.fromarray(np.full((20, 30), 2, np.uint8)).save(folder / "labels" / "thing.png")
        _text("names.txt", "\nsky\tscene\ndog\n")(folder)
        return folder / name

    return make


def _concepts(form: str) -> Callable[[Path], None]:
    def read(target: Path) -> None:
        import numpy as np

        from describer.methods.concepts import opening
        from describer.methods.concepts.shape import Shown

        place = target
        while form != "coco" and not {"labels", "thing.txt", "label.csv"} & {
            path.name for path in (place.iterdir() if place.is_dir() else ())
        }:
            place = place.parent
        found = opening.open_set(form, str(place))
        for name in ("some/thing.jpg", "other.jpg"):
            found.labels(Shown(name, np.zeros((3, 20, 30), np.uint8), (20, 30), lambda m: m))

    return read


_RULES = "# comment\nprefix: these are\n@bo suffix: it\nreplace: alot -> a lot\nspelling\n"


def _read_rules(target: Path) -> None:
    from annotator.corpus import cleaning
    from db.errors import BadInput

    try:
        text = target.read_text("utf-8")
    except UnicodeDecodeError as error:  # a page sends text
        raise BadInput(str(error)) from error
    rules = cleaning.parse(text)
    cleaning.from_json(cleaning.as_json(rules))


def _read_rules_json(target: Path) -> None:
    from annotator.corpus import cleaning

    cleaning.from_json(target.read_text("utf-8", "replace"))


def _workbook(folder: Path) -> Path:
    import openpyxl

    book = openpyxl.Workbook()
    for row in csv.reader(io.StringIO(_DESCRIPTIONS)):
        book.active.append(row)
    book.save(folder / "said.xlsx")
    return folder / "said.xlsx"


def _up(target: Path) -> None:
    _read_exemplars(target.parent.parent)


READERS: dict[str, Reader] = {
    "checkpoint.json": Reader("json", _checkpoint, _read_checkpoint),
    "published .pth": Reader("bytes", _published_checkpoint, _read_published_checkpoint),
    "torch weights": Reader("bytes", _weights("weights.pt"), _read_weights),
    "old torch weights": Reader("bytes", _weights("old.pt"), _read_weights),
    "safetensors": Reader("bytes", _weights("weights.safetensors"), _read_weights),
    "index of weights": Reader("json", _weights("w.index.json"), _read_weights),
    "SUBJECT.toml": Reader("toml", _subject, _read_subject),
    "preprocessor_config.json": Reader(
        "json", _prepared("preprocessor_config.json"), _read_subject
    ),
    "config.json of timm": Reader("json", _prepared("config.json"), _read_subject),
    "exemplars.json": Reader("json", _exemplars, lambda path: _read_exemplars(path.parent)),
    "ids.csv": Reader("csv", _exemplar_file("ids.csv"), _up),
    "activations.csv": Reader("csv", _exemplar_file("activations.csv"), _up),
    "levels.npy": Reader("npy", _exemplar_file("levels.npy"), _up),
    "maps.npy": Reader("npy", _exemplar_file("maps.npy"), _up),
    "published images.npy": Reader("npy", _published_exemplars("images.npy"), _up),
    "published masks.npy": Reader("npy", _published_exemplars("masks.npy"), _up),
    "published ids.csv": Reader("csv", _published_exemplars("ids.csv"), _up),
    "answers.csv": Reader("csv", _answers_csv, _read_answers),
    "answers.jsonl": Reader(
        "json",
        _text("answers.jsonl", "".join(f"{line}\n" for line in _lines(_RECORD))),
        _read_answers,
    ),
    "ratings.jsonl": Reader(
        "json", _text("r.jsonl", "".join(f"{line}\n" for line in _lines(_RATED))), _read_answers
    ),
    "MTurk csv": Reader("csv", _text("batch.csv", _MTURK), _read_answers),
    "Label Studio json": Reader("json", _text("export.json", _LABEL_STUDIO), _read_answers),
    "annotations.csv": Reader(
        "csv",
        _text("annotations.csv", 'layer,unit,summary\nlayer4,0,dog faces\nlayer4,1,"the sky"\n'),
        _read_answers,
    ),
    "ratings": Reader("csv", _text("ratings.csv", _RATINGS), _read_ratings),
    "ratings of ours": Reader("csv", _ratings_long, _read_ratings),
    "labels.csv": Reader(
        "csv", _text("labels.csv", "path,class\na/1.png,3\na/2.png,10\nb.png,0\n"), _read_labels
    ),
    "metadata.jsonl": Reader(
        "json",
        _text(
            "metadata.jsonl",
            "".join(
                json.dumps({"file_name": name, "label": 3}) + "\n"
                for name in ("a/1.png", "a/2.png", "b.png")
            ),
        ),
        _read_labels,
    ),
    "class index": Reader(
        "json", _text("index.json", '{"cat": 0, "dog": 12, "cow": 2}'), _read_class_index
    ),
    "questions.yaml": Reader("yaml", _text("questions.yaml", _QUESTIONS), _read_questions),
    "cleaning rules": Reader("text", _text("rules.txt", _RULES), _read_rules),
    "cleaning rules json": Reader(
        "json",
        _text("rules.json", '[{"kind": "prefix", "words": "a", "by": "", "annotator": null}]'),
        _read_rules_json,
    ),
    "descriptions csv": Reader("csv", _text("said.csv", _DESCRIPTIONS), _read_descriptions),
    "Excel workbook": Reader("bytes", _workbook, _read_descriptions),
    "training csv": Reader("csv", _text("t.csv", _DESCRIPTIONS), _read_training),
    "tar of images": Reader("tar", _tar, _read_packed),
    "parquet of images": Reader("bytes", _parquet, _read_packed),
    "arrow of images": Reader("bytes", _arrow, _read_packed),
    "dataset_info.json": Reader("json", _dataset_info, _read_packed),
    "PNG": Reader("bytes", _image("x.png", "PNG"), _read_image),
    "JPEG": Reader("bytes", _image("x.jpg", "JPEG"), _read_image),
    "TIFF": Reader("bytes", _image("x.tif", "TIFF"), _read_image),
    "GIF": Reader("bytes", _image("x.gif", "GIF"), _read_image),
    "WebP": Reader("bytes", _image("x.webp", "WEBP"), _read_image),
    "database": Reader("bytes", _database, _read_database),
    "backup": Reader("tar", _backup, _read_backup),
    "endpoints.toml": Reader("toml", _endpoints, _read_endpoints),
    "COCO json": Reader("json", _coco, _concepts("coco")),
    "YOLO text": Reader("text", _yolo("thing.txt"), _concepts("yolo")),
    "YOLO yaml": Reader("yaml", _yolo("data.yaml"), _concepts("yolo")),
    "Broden label.csv": Reader("csv", _broden("label.csv"), _concepts("broden")),
    "Broden index.csv": Reader("csv", _broden("index.csv"), _concepts("broden")),
    "segmentation names": Reader("text", _segmentation("names.txt"), _concepts("segmentation")),
    "segmentation png": Reader(
        "bytes", _segmentation("labels/thing.png"), _concepts("segmentation")
    ),
}
