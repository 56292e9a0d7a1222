"""The diagram shows every number of a flow, is well-formed, and nothing in it overlaps."""

from itertools import combinations

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from protocols.schema import SearchKind
from review.prisma.boxes import describe
from review.prisma.counts import BOXES, OTHER_METHODS, Flow, count_flow
from review.prisma.drawing import to_pdf, to_png, to_svg
from review.prisma.layout import BOX_WIDTH, LINE, PADDING, DiagramLayout, Rect, lay_out, wrapped
from review.prisma.text import text_width, wrap
from review.vocabulary import Stream, Verdict
from tests.factories import Cast, decide_both, include_fully, make_records

SVG = "{http://www.w3.org/2000/svg}"
INERT = {"svg", "title", "desc", "rect", "g", "text", "tspan", "path", "polygon", "a"}
TOTALS = ("previous_studies", "previous_reports", "new_studies", "total_studies", "total_reports")
HOSTILE = "</text><script>alert(1)</script><a href='javascript:x'>\"& \x00\x1b\u202e\ufffe]]>"

labels = st.one_of(
    st.text(max_size=400),
    st.sampled_from([HOSTILE, "W" * 300, "成果连动型合同" * 30, "עקודת תוצאות", "(n = 12)", " "]),
)
numbers = st.one_of(st.just(0), st.integers(0, 10_000_000))
parts = st.dictionaries(labels, numbers, max_size=15)


def make_flow(
    *,
    sources: dict[SearchKind, dict[str, int]] | None = None,
    reasons: dict[Stream, dict[str, int]] | None = None,
    **counts: int,
) -> Flow:
    all_counts = dict.fromkeys((*BOXES, *TOTALS), 0) | counts
    all_reasons = {stream: (reasons or {}).get(stream, {}) for stream in Stream}
    return Flow(412, all_counts, sources or {}, all_reasons)


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    """Any numbers at all: the drawing must not rely on their sums."""
    keys = draw(st.sets(st.sampled_from((*BOXES, *TOTALS))))
    return make_flow(
        sources=draw(st.dictionaries(st.sampled_from(SearchKind), parts)),
        reasons={stream: draw(parts) for stream in Stream},
        **{key: draw(numbers) for key in sorted(keys)},
    )


def drawn_lines(flow: Flow) -> list[tuple[str | None, str]]:
    layout = lay_out(flow)
    lines = [line for box in layout.boxes for line in box.node.lines]
    return [(line.key, line.text) for line in (*lines, *(note for note, _ in layout.notes))]


def keys_drawn(flow: Flow) -> set[str]:
    return {key for key, _ in drawn_lines(flow) if key is not None}


def rectangles(layout: DiagramLayout) -> list[Rect]:
    labelled = (*layout.headings, *layout.bands, *layout.notes)
    return [*(box.rect for box in layout.boxes), *(rect for _, rect in labelled)]


@given(flows())
def test_nothing_overlaps_and_nothing_leaves_the_page(flow: Flow) -> None:
    layout = lay_out(flow, head="3f" * 32)

    page = Rect(0, 0, layout.width, layout.height)
    rects = rectangles(layout)
    assert not [pair for pair in combinations(rects, 2) if pair[0].overlaps(pair[1])]
    assert all(
        rect.x >= 0 and rect.y >= 0 and rect.right <= page.right and rect.bottom <= page.bottom
        for rect in rects
    )


@given(flows())
def test_text_stays_inside_its_box(flow: Flow) -> None:
    for box in lay_out(flow).boxes:
        texts = [text for line in box.node.lines for text in wrapped(line)]

        assert all(text_width(text) <= BOX_WIDTH - 2 * PADDING for text in texts)
        assert box.rect.height >= len(texts) * LINE + 2 * PADDING


@given(flows())
def test_no_arrow_runs_through_a_box(flow: Flow) -> None:
    layout = lay_out(flow)
    for arrow in layout.arrows:
        for (x1, y1), (x2, y2) in zip(arrow.points, arrow.points[1:], strict=False):
            segment = Rect(min(x1, x2), min(y1, y2), abs(x1 - x2) or 0.01, abs(y1 - y2) or 0.01)

            assert not [box for box in layout.boxes if box.rect.overlaps(segment)]


@given(flows())
def test_every_number_that_is_not_zero_is_drawn_with_its_key(flow: Flow) -> None:
    lines = dict.fromkeys(drawn_lines(flow))

    is_update = flow.total("previous_studies", "previous_reports") > 0
    expected = {key for key, n in flow.counts.items() if n}
    if not is_update:  # without an earlier version the totals are the new ones
        expected -= {"total_studies", "total_reports"}
    assert expected <= keys_drawn(flow)
    assert all(
        any(
            key == line_key and text.endswith(f"(n = {flow.counts[key]:,})")
            for line_key, text in lines
        )
        for key in expected
    )


@given(flows())
def test_the_description_has_every_line_of_the_diagram(flow: Flow) -> None:
    words = describe(flow)

    assert all(text in words for key, text in drawn_lines(flow) if key is not None)


@given(flows())
def test_any_label_makes_well_formed_and_inert_svg(flow: Flow) -> None:
    root = fromstring(to_svg(flow, link=lambda key: f"/prisma/{key}?a=1&b='\"", title=HOSTILE))

    tags = {element.tag for element in root.iter()}
    names = {name for element in root.iter() for name in element.attrib}
    assert {tag.removeprefix(SVG) for tag in tags} <= INERT
    assert "style" not in names
    assert not [name for name in names if name.startswith("on")]
    assert all(a.get("href", "").startswith("/prisma/") for a in root.iter(f"{SVG}a"))


@given(flows())
def test_the_same_flow_is_drawn_the_same_way(flow: Flow) -> None:
    assert to_svg(flow) == to_svg(flow)


@given(labels, st.floats(20, 400))
def test_wrapping_loses_no_character_and_fits(text: str, width: float) -> None:
    lines = wrap(text, width)

    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(text_width(line) <= width for line in lines if len(line) > 1 and "(n =" not in line)


def test_every_number_is_a_link_named_by_its_line() -> None:
    flow = make_flow(
        database_results=1234, dbr_excluded=3, sources={SearchKind.DATABASE: {"Scopus": 1234}},
        reasons={Stream.DATABASES: {"Wrong population": 3}},
    )  # fmt: skip
    root = fromstring(
        to_svg(flow, link=lambda key: f"/{key}", link_part=lambda key, part: f"/{key}/{part}")
    )

    links = {a.get("aria-label"): a for a in root.iter(f"{SVG}a")}
    numbered = [text for key, text in drawn_lines(flow) if key is not None]
    assert sorted(numbered) == sorted(a.get("aria-label") for a in root.iter(f"{SVG}a"))
    assert links["Databases (n = 1,234)"].get("href") == "/database_results"
    assert links["Scopus (n = 1,234)"].get("href") == "/database_results/Scopus"
    assert links["Wrong population (n = 3)"].get("href") == "/dbr_excluded/Wrong population"
    assert all("".join(a.itertext()) == name for name, a in links.items())


def test_sources_and_reasons_link_to_their_count_where_they_have_no_link_of_their_own() -> None:
    flow = make_flow(database_results=2, sources={SearchKind.DATABASE: {"Scopus": 2}})

    root = fromstring(to_svg(flow, link=lambda key: f"/{key}"))

    links = {a.get("aria-label"): a.get("href") for a in root.iter(f"{SVG}a")}
    assert links["Scopus (n = 2)"] == "/database_results"


def test_the_drawing_is_one_image_only_without_links() -> None:
    flow = make_flow()

    plain, linked = fromstring(to_svg(flow)), fromstring(to_svg(flow, link=str.upper))

    assert plain.get("role") == "img"
    assert linked.get("role") != "img"
    assert plain.findtext(f"{SVG}title") == "PRISMA 2020 flow diagram"
    assert "Records screened (n = 0)" in (plain.findtext(f"{SVG}desc") or "")
    assert plain.get("viewBox") == f"0 0 {plain.get('width')} {plain.get('height')}"


def test_an_empty_review_has_every_box_of_the_first_column_and_none_of_the_second() -> None:
    texts = [text for _, text in drawn_lines(make_flow())]

    assert texts[:3] == ["Records identified from:", "Databases (n = 0)", "Registers (n = 0)"]
    assert "New studies included in review (n = 0)" in texts
    assert len(lay_out(make_flow()).headings) == 1
    assert not [box for box in lay_out(make_flow()).boxes if box.node.interim]


@pytest.mark.parametrize("key", [*OTHER_METHODS.flow_states, *OTHER_METHODS.results.values()])
def test_any_count_of_other_methods_adds_the_second_column(key: str) -> None:
    flow = make_flow(**{key: 1})

    assert len(lay_out(flow).headings) == 2
    assert key in keys_drawn(flow)


@pytest.mark.parametrize("key", [key for key in BOXES if "awaiting" in key or "not_scr" in key])
def test_unfinished_work_has_a_box_of_its_own_only_while_there_is_some(key: str) -> None:
    unfinished = make_flow(**{key: 7})

    interim = [box.node.lines for box in lay_out(unfinished).boxes if box.node.interim]
    assert [[(line.key, line.n) for line in lines] for lines in interim] == [[(key, 7)]]
    assert key not in keys_drawn(make_flow(other_sought_reports=1))
    assert 'class="prisma-box prisma-interim"' in to_svg(unfinished)


def test_kinds_of_search_without_records_are_left_out_but_the_box_stays() -> None:
    registers = [text for _, text in drawn_lines(make_flow(register_results=5))]
    with_citation_searching = [text for _, text in drawn_lines(make_flow(citations_results=5))]

    assert registers[:2] == ["Records identified from:", "Registers (n = 5)"]
    assert "Citation searching (n = 5)" in with_citation_searching
    assert "Websites (n = 0)" not in with_citation_searching
    assert "Databases (n = 0)" in with_citation_searching


def test_counts_without_a_box_in_the_template_are_in_a_footnote() -> None:
    flow = make_flow(other_records_screened=9, other_records_excluded=4, other_duplicates=2)

    notes = [line.text for line, _ in lay_out(flow).notes]
    assert notes[1:-1] == [
        "Duplicate records (n = 2)", "Records screened (n = 9)", "Records excluded (n = 4)"
    ]  # fmt: skip
    assert any(text == "Records identified from†:" for _, text in drawn_lines(flow))


def test_an_update_adds_what_was_included_before_and_the_totals() -> None:
    flow = make_flow(previous_studies=12, new_studies=3, total_studies=15)

    assert {"previous_studies", "total_studies", "total_reports"} <= keys_drawn(flow)
    assert "total_studies" not in keys_drawn(make_flow(new_studies=3, total_studies=3))


def test_the_event_and_its_hash_are_printed() -> None:
    assert "Counts as of event 412." in to_svg(make_flow())
    assert "Hash of that event: abc123" in to_svg(make_flow(), head="abc123")


def test_the_drawing_can_be_saved_as_png_and_pdf() -> None:
    flow = make_flow(database_results=5, reasons={Stream.DATABASES: {HOSTILE: 1}})

    assert to_png(flow).startswith(b"\x89PNG\r\n")
    assert to_pdf(flow).startswith(b"%PDF-")


def test_the_diagram_of_a_review_shows_what_happened_in_it(session: Session, cast: Cast) -> None:
    included, excluded, _ = make_records(session, cast.review_id, 3)
    include_fully(session, cast, included)
    decide_both(session, cast, excluded, Verdict.EXCLUDE)

    words = describe(count_flow(session, review_id=cast.review_id))

    for line in (
        "Databases (n = 3), Scopus (n = 3)", "Records awaiting screening (n = 1)",
        "Records screened (n = 2)", "Records excluded (n = 1)",
        "Reports of new included studies (n = 1)",
        "Of these reports, not yet linked to a study (n = 1)",
    ):  # fmt: skip
        assert line in words
