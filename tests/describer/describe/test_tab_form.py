"""The form becomes a plan, and says of each method what it needs."""

from pathlib import Path
from typing import Any

import pytest

from db.errors import BadInput
from db.workspace import create, open_database
from describer import workspace_files
from describer.describe import needs, page, tab_form
from describer.methods import options
from helpers import tiny
from helpers.worlds import tiny_milan

FORM: dict[str, Any] = {
    "subject": "net",
    "images": "val",
    "layers": ["a"],
    "more": ["b"],
    "methods": ["vlm", "dnd", "clip-dissect", "compositional", "netdissect", "milan"],
    "k": 15,
    "quantile": 0.99,
    "pooling": "max",
    "seed": 3,
    "weighed": False,
    "checkpoint": "demo",
    "beam_size": 5,
    "temperature": 0.1,
    "concepts": ["things", "colours"],
    "mask_quantile": 0.995,
    "whole": True,
    "length": 2,
    "beam": 4,
    "clip_model": "clip",
    "words": "given",
    "word_list": "red  dog\n\nsky\nsky\n",
    "similarity": "wpmi",
    "captioner": "blip",
    "writer": "none",
    "likeness": "clip",
    "maker": "retrieve",
    "scoring": "mean",
    "candidates": 3,
    "pictures": 4,
    "crops": False,
    "summary": True,
    "looker": "looker",
    "looked_at": 6,
}


def test_every_field_reaches_its_method() -> None:
    plan = tab_form.plan_of(FORM)
    assert plan.layers == ("a", "b")
    assert plan.judge == "none"
    milan, net, formula, clip, dissect, seen = plan.methods
    assert milan == options.MilanOptions("demo", 5, 0.1)
    assert net == options.NetDissectOptions(("things", "colours"), 0.995, True, 3)
    assert formula == options.CompositionalOptions(("things", "colours"), 0.995, 2, 4, 3)
    assert clip == options.ClipDissectOptions("clip", ("red dog", "sky"), "wpmi")
    assert (dissect.scoring, dissect.candidates, dissect.crops) == ("mean", 3, False)  # type: ignore[union-attr]
    assert (seen.model, seen.exemplars, seen.seed) == ("looker", 6, 3)  # type: ignore[union-attr]
    annotated = tab_form.plan_of({**FORM, "words": "annotations"}, annotated=("cat",))
    assert annotated.methods[3].words == ("cat",)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"beam_size": None}, "Fill in every number under Options first"),
        ({"length": None}, "Options: Compositional Explanations first"),
        ({"word_list": " \n"}, "Give the words of CLIP-Dissect"),
        ({"concepts": []}, "at least one set of concepts"),
        ({"captioner": None}, "expected a captioning model"),
        ({"looker": None}, "expected a model that sees"),
    ],
)
def test_what_is_missing_is_said(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        tab_form.plan_of({**FORM, **changed})


def test_what_methods_need_follows_from_what_is_here(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    workspace = create(tmp_path / "w")
    with open_database(workspace) as db:
        offered = needs.choices(db, workspace.models)
        found = {need.method: need for need in needs.needs(offered, workspace.models)}
        ready = [name for name, need in found.items() if need.ready]
        assert ready == ["netdissect", "compositional"], "colours need nothing"
        assert any("hf download" in command for command in found["dnd"].commands)
        assert "hf download" in page.needs([*found.values()])
        workspace_files.enter_checkpoint(db, str(tiny_milan(tmp_path / "tiny-milan")))
        for make in (tiny.blip, tiny.clip, tiny.looker):
            make(workspace.models / make.__name__)
        (workspace.models / "endpoints.toml").write_text(
            '[writer]\naddress = "http://127.0.0.1:1/v1"\nmodel = "m"\n'
        )
        offered = needs.choices(db, workspace.models)
    assert offered.lookers == ("looker", "endpoint:writer")
    assert offered.likenesses == ("clip",)
    assert {*offered.captioners} == {"blip", "looker"}
    assert all(need.ready for need in needs.needs(offered, workspace.models))
