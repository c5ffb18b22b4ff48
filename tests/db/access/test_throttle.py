"""Guessing passwords is slow."""

from db.access.throttle import Throttle


def test_five_failures_make_a_name_rest_and_then_it_may_try_again() -> None:
    clock = [0.0]
    throttle = Throttle(lambda: clock[0])
    for _ in range(Throttle.FAILURES):
        assert not throttle.resting("ada")
        throttle.begun("ada")
    assert throttle.resting("ada")
    assert not throttle.resting("grace")
    clock[0] = Throttle.REST_S + 1
    assert not throttle.resting("ada")


def test_getting_in_forgets_the_failures() -> None:
    throttle = Throttle(lambda: 0.0)
    for _ in range(Throttle.FAILURES):
        throttle.begun("ada")
    throttle.succeeded("ada")
    assert not throttle.resting("ada")


def test_no_more_names_are_remembered_than_fit() -> None:
    throttle = Throttle(lambda: 0.0)
    throttle.NAMES = 3
    for name in ("ada", "grace", "joan", "mary"):
        for _ in range(Throttle.FAILURES):
            throttle.begun(name)
    assert [throttle.resting(name) for name in ("ada", "mary")] == [False, True]
