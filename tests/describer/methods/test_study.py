"""What methods share: a hash of what they are made of, and seeds of units."""

from describer.methods.study import Provenance, seed_of


def test_the_hash_follows_the_values_and_not_their_order() -> None:
    first = Provenance("dnd", {"seed": 0, "captioner": "blip"})
    assert first.hash == Provenance("dnd", {"captioner": "blip", "seed": 0}).hash
    assert first.hash != Provenance("dnd", {"captioner": "blip", "seed": 1}).hash
    assert first.hash != Provenance("vlm", {"captioner": "blip", "seed": 0}).hash


def test_units_have_seeds_of_their_own() -> None:
    seeds = {
        seed_of(seed, layer, unit) for seed in (0, 1) for layer in ("a", "b") for unit in (0, 1)
    }
    assert len(seeds) == 8
    assert all(0 <= seed < 2**63 for seed in seeds)
