"""What is said of edited networks that can be fetched."""

from audits.edit import page
from audits.edit.plan import Offered


def test_an_export_says_what_it_is_and_what_was_checked() -> None:
    changed = Offered(1, 2, "edit-1-2.zip", "weights", "", 40, 0.8125)
    wrapped = Offered(1, 3, "edit-1-3.zip", "wrapper", "<b>", 40, None)
    shown = " ".join(page.links([changed, wrapped]).split())
    assert '<a href="/reports/edit-1-2.zip" download>edit-1-2.zip</a>: without 2 units' in shown
    assert "(weights changed); the same predictions as the ablation on each of 40" in shown
    assert "test images, accuracy 81.25% when read back</li>" in shown
    assert "(with a wrapper: &lt;b&gt;)" in shown
    assert page.links([]) == ""
