"""What a hash stands for is kept once."""

from db.describe import provenances
from helpers.annotating import fresh


def test_the_first_provenance_of_a_hash_stays() -> None:
    db = fresh()
    provenances.add(db, "dnd", "abc", {"seed": 0, "captioner": "blip"})
    provenances.add(db, "dnd", "abc", {"seed": 1})
    assert provenances.of(db, "dnd", "abc") == {"seed": 0, "captioner": "blip"}
    assert provenances.of(db, "vlm", "abc") == {}
