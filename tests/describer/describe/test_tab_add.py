"""What is typed beside the buttons of Add…."""

import pytest

from db.errors import BadInput
from describer.describe import tab_add


@pytest.mark.parametrize("typed", ["", "  "])
def test_an_empty_field_is_no_path(typed: str) -> None:
    with pytest.raises(BadInput, match=r"^Give a path first\.$"):
        tab_add.given(typed)


def test_a_path_is_taken_without_the_spaces_around_it() -> None:
    assert tab_add.given(" /data/my images ") == "/data/my images"
