"""The worked examples: drawn, masked, and nothing but these two."""

import asyncio
import io
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from annotator.work import guidelines, illustrations
from db.errors import NotFound


def test_every_example_of_the_guidelines_has_its_own_picture_of_fifteen() -> None:
    assert tuple(each.picture for each in guidelines.EXAMPLES) == illustrations.NAMES
    seen = set()
    for name in illustrations.NAMES:
        picture = Image.open(io.BytesIO(illustrations.sheet(name)))
        assert picture.size == (illustrations.SHEET.width, illustrations.HEIGHT)
        grey = np.asarray(picture.convert("L")).astype(float)
        # dimmed outside and untouched inside: both are there, and neither is all
        assert 0.05 < (grey > 140).mean() < 0.7
        assert (grey < 80).mean() > 0.2
        seen.add(illustrations.sheet(name))
    assert len(seen) == 2


@pytest.mark.parametrize("name", ["secret", "../eyes", "eyes.jpg", ""])
def test_a_name_that_is_no_example_is_refused(name: str) -> None:
    with pytest.raises(NotFound, match="expected an example of eyes, grids"):
        illustrations.sheet(name)


def test_the_route_sends_an_example_and_knows_no_other() -> None:
    def ask(name: str) -> tuple[int, str]:
        request = SimpleNamespace(path_params={"name": name})
        answer = asyncio.run(illustrations.respond(request))  # type: ignore[arg-type]
        return answer.status_code, answer.headers["content-type"]

    assert ask("eyes") == (200, "image/jpeg")
    assert ask("workbench.db")[0] == 404
