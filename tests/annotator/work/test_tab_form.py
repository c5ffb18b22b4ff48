"""The annotator's form: what is to be seen, and what a step to the next picture set costs."""

import pytest

from annotator.work.desk import View
from db.annotate.campaigns import Campaign, Settings
from db.annotate.qualifications import Sitting, Standing

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.usefixtures("event_loop_that_is_dropped"),
]


def test_a_test_that_comes_up_while_working_can_be_taken_from_there() -> None:
    from annotator.work import tab_form

    view = View("test", sitting=Sitting(1, ()), standing=Standing(False, 2, None))
    assert tab_form.parts(view, test=False) == ["resting", "again"]
    assert tab_form.parts(view, test=True) == ["testing"]
    spent = View("test", standing=Standing(False, 0, None))
    assert tab_form.parts(spent, test=True) == ["resting"]


def test_a_step_makes_no_part_of_the_page_anew_and_leaves_the_test_alone() -> None:
    import gradio as gr

    from annotator.work import tab_form

    with gr.Blocks(analytics_enabled=False):
        form = tab_form.build()
    campaign = Campaign(1, "spring", "describe", "open", Settings("What?"), "admin", "")
    shown = form.next(View("work", campaign, skipped=True))
    assert set(shown) <= set(form.step)
    assert not set(form.step) & set(form.test.outputs)
    # One style shows and hides; the only component that is made is the menu of own answers.
    assert [box for box, value in shown.items() if isinstance(value, gr.components.Component)] == [
        form.earlier.chosen
    ]
    assert "#an-part-working" not in shown[form.frame]
    assert "#an-part-testing" in shown[form.frame]


def test_arriving_fills_every_text_and_makes_no_component_beside_the_page() -> None:
    import gradio as gr

    from annotator.texts import words
    from annotator.work import tab_form

    with gr.Blocks(analytics_enabled=False) as blocks:
        form = tab_form.build()
        before = len(blocks.blocks)
        assert len(form.whole) == len(set(form.whole))
        assert len(blocks.blocks) == before
    assert set(form.spoken(words.of("ar"))) == set(form.speaking)


def test_the_counters_come_first_since_the_page_fills_them_in_by_place() -> None:
    import gradio as gr

    from annotator.work import tab_form

    with gr.Blocks(analytics_enabled=False):
        form = tab_form.build()
    assert min(form.inputs, key=lambda box: box._id) is form.counters
    assert "all[0]" in tab_form.COUNT


@pytest.mark.parametrize("counted", ["", "{}", "[]", '{"pasted": "x", "looks": 1}', "null"])
def test_counters_that_make_no_sense_count_nothing(counted: str) -> None:
    import gradio as gr

    from annotator.work import tab_form
    from db.access.permissions import Doors

    with gr.Blocks(analytics_enabled=False):
        form = tab_form.build()
    given = {
        form.counters: counted,
        form.name_kept: " Ada ",
        form.campaign: "3",
        form.token: "t",
        form.work.text: "striped fur",
    }
    doors = Doors(None, False, gr.Error)  # type: ignore[arg-type]
    sent = form.read(given, doors, None)  # type: ignore[arg-type]
    assert (sent.person, sent.campaign_id, sent.token) == ("ada", 3, "t")
    assert (sent.answer.text, sent.answer.pasted_characters) == ("striped fur", 0)
    assert sent.answer.pasted_after_ms is None
