"""What a description job found, kept and read again."""

import json

from describer.describe.result import Result

OLD = {
    "exemplar_sets": [1, 2],
    "skipped": [["a/b.png", "no image"]],
    "described": 14,
    "images_per_s": 120.5,
    "units_per_s": None,
}
READ = Result((1, 2), (("a/b.png", "no image"),), 14, 120.5, None)


def test_a_result_comes_back_from_its_row() -> None:
    kept = json.loads(json.dumps(READ.to_json()))
    assert kept["version"] == 2
    assert Result.from_json(kept) == READ


def test_a_row_without_a_version_is_read() -> None:
    assert Result.from_json(OLD) == READ
    assert Result.from_json({}) == Result()
