"""The text of a PDF reads as it was written, and a quote from any copy of it is found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.demonstration.pdf import pdf_of
from review.reports.documents import pages_of
from review.reports.page_text import find_quote, reflow


@pytest.mark.parametrize(
    ("page", "read"),
    [
        ("We paid for\nwhat was achieved\nand nothing else.", "We paid for what was achieved and "
         "nothing else."),
        ("The eva\ufffe\nluation of it. The evaluation ended.", "The evaluation of it. The "
         "evaluation ended."),
        ("The eva-\nluation took long.", "The evaluation took long."),
        ("A results\ufffebased contract; results-based ones pay.", "A results-based contract; "
         "results-based ones pay."),
        ("in 2015-\n2017 and Anglo-\nIrish", "in 2015-2017 and Anglo-Irish"),
        ("Costs rose.\r\n\r\nThey fell later.", "Costs rose.\n\nThey fell later."),
        ("Methods\nWe asked everybody who had taken part in it, by telephone.\nThey answered us.",
         "Methods\n\nWe asked everybody who had taken part in it, by telephone. They answered us."),
        ("It has\n• housing for those who need it\n• work for all who want it", "It has\n\n"
         "• housing for those who need it\n\n• work for all who want it"),
        ("我们为结果\n付款。", "我们为结果付款。"),
        ("a\x00b\x02\nc \ufeffd\xad", "abc d"),
        ("", ""),
        (" \n \n", ""),
    ],
)  # fmt: skip
def test_lines_and_cut_words_are_joined(page, read):
    assert reflow([page]) == [read]


def test_other_pages_say_how_a_cut_word_is_written():
    pages = ["a long\ufffe\nterm plan and a re\ufffe\nport", "long-term plans; the report"]

    assert reflow(pages)[0] == "a long-term plan and a report"


def test_a_quote_with_the_lines_and_boxes_of_before_is_still_found():
    text = reflow(["The results\ufffebased contract\nran for “five”\nyears. It ended."])[0]

    for quote in ("results\ufffebased contract\nran for", 'ran for "five" years', "CONTRACT RAN"):
        start, end = find_quote(text, quote)
        assert text[start:end].casefold().startswith(quote[:3].casefold())
    assert text[slice(*find_quote(text, "ﬁve years."))] == "five” years"
    assert find_quote(text, "six years") is None
    assert find_quote(text, " – ") is None


@given(st.lists(st.text("abcdé 字-\n\ufffe.A1•", max_size=200), max_size=3))
def test_no_letter_is_lost_or_added_and_reading_twice_changes_nothing(pages):
    read = reflow(pages)

    letters = [[letter for letter in page if letter.isalnum()] for page in pages]
    assert [[letter for letter in page if letter.isalnum()] for page in read] == letters
    assert reflow(read) == read
    for page, text in zip(pages, read, strict=True):
        if text:
            assert find_quote(page, text) is not None or not any(map(str.isalnum, text))


def test_a_pdf_is_read_in_paragraphs_without_line_ends(tmp_path):
    path = tmp_path / "report.pdf"
    path.write_bytes(
        pdf_of("A bond", "Doe, J.", ["We paid a results-based price for outcomes. " * 6])
    )

    text = " ".join(page.text for page in pages_of(path))
    assert "We paid a results-based price for outcomes. We paid a results-based" in text
    assert find_quote(text, "for outcomes. We paid a results-based price for outcomes. We paid")
