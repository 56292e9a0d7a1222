"""Records are found by any name of a term, as whole words."""

from review.corrections.records import correct_record
from review.searches.records import matching_records
from tests.factories import make_records

TITLES = ["Pago por resultados en salud", "Payment by results in prisons", "PbR and possible harms",
          "It is possible to pay", "A bond in Northmoor", "PAGO POR RESULTADOS"]  # fmt: skip


def test_a_record_matches_by_the_text_itself_or_by_another_name_as_whole_words(session, cast):
    make_records(session, cast.review_id, [{"title": title} for title in TITLES])

    def found(text: str, *names: str, after: int = 0, limit: int = 10) -> list[str]:
        rows = matching_records(session, review_id=cast.review_id, text=text, names=names,
                                after=after, limit=limit)  # fmt: skip
        return [record.title for record in rows]

    by_name = found("PbR", "payment by results", "pago por resultados")
    assert by_name == [TITLES[0], TITLES[1], TITLES[2], TITLES[5]]
    assert found("Northmoor", "SIB") == [TITLES[4]]  # *possible* has no SIB in it
    assert found("possible") == [TITLES[2], TITLES[3]]  # without other names, parts of words count
    assert found("PbR", "payment by results", "pago por resultados", after=1, limit=2) == [
        TITLES[1], TITLES[2]
    ]  # fmt: skip


def test_records_without_an_abstract_are_found_also_after_one_was_added(session, cast):
    with_one, without, blank = make_records(
        session, cast.review_id,
        [{"abstract": "It pays."}, {"abstract": None}, {"abstract": ""}],
    )  # fmt: skip
    about = {"review_id": cast.review_id, "text": "", "lacks_abstract": True, "limit": 9}

    assert {row.id for row in matching_records(session, **about)} == {without, blank}
    correct_record(session, review_id=cast.review_id, record_id=without, by=cast.lead,
                   fields={"abstract": "It paid."}, source="The report.")  # fmt: skip
    assert {row.id for row in matching_records(session, **about)} == {blank}
    assert with_one
