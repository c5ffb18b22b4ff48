"""What the admin reads of files: a link while the file is there; no name is run by the browser."""

from annotator.exchange import page
from annotator.exchange.arrivals import Seen
from annotator.exchange.job import Packed

NASTY = "<b>a & b</b>"
SAFE = "&lt;b&gt;a &amp; b&lt;/b&gt;"


def test_a_file_is_a_link_until_it_was_deleted() -> None:
    packed = Packed("answers-1-2-dataset.zip", 3, 12_345_678)
    link = page.packed(packed, "2026-03-02T10:00:00.000Z", there=True)
    assert 'href="/reports/answers-1-2-dataset.zip"' in link
    assert "3 units, 12.3 MB" in link
    assert "href" not in page.packed(packed, "", there=False)


def test_what_a_file_says_is_text() -> None:
    assert SAFE in page.seen(Seen(NASTY))
    assert "Nothing is written yet" in page.seen(Seen(NASTY))
    refused = page.seen(Seen("spring", problem=NASTY))
    assert f"Refused, all of it: {SAFE}" in refused
