"""What suggestions learn from: quotes for values that count, and none of the study itself."""

from review.studies.batches import CodingForm
from review.studies.saved_codes import clear_code
from review.studies.text_suggestions.reading import accuracy, suggester_for
from review.studies.text_suggestions.text import sentences_of
from tests.review.studies.coding_review import CodingReview

QUOTE = "The payer spent more on lawyers than on anything else in the first year."
LIKE = "Again the payer spent more on lawyers than on anything else in its first year."


def _suggested(session, review, text):
    form = CodingForm(review.cast.review_id, review.study, review.contract, review.cast.reviewer_b)
    found = suggester_for(session, form, ["costs", "area"]).suggest(sentences_of([text]))
    return {item: [one.value for one in of_item] for item, of_item in found.items()}


def test_quotes_of_other_studies_suggest_a_value_and_those_of_the_study_do_not(
    session, cast, review
):
    other = CodingReview(session, cast, label="Roe 2003")
    about = {"study_id": other.study, "contract_id": other.contract}
    other.code("costs", "present", **about, quote=QUOTE)
    # Of what awaits a second coder nothing is learnt: it would tell what somebody said.
    other.code("area", "work", contract_id=other.contract, quote=QUOTE)

    assert _suggested(session, review, LIKE) == {"costs": ["present"]}
    assert _suggested(session, other, LIKE) == {}


def test_precision_and_recall_are_counted_from_the_values_that_count(session, cast, review):
    other = CodingReview(session, cast, label="Roe 2003")
    for one, country in ((review, "KE"), (other, "PE")):
        one.code("country", country, contract_id=one.contract)
    one_more = CodingReview(session, cast, label="Poe 2004")
    one_more.code("country", {"special": "unclear"}, contract_id=one_more.contract)
    texts = {
        review.study: sentences_of(["It ran in Kenya."]),
        other.study: sentences_of(["It ran in Chile."]),
        one_more.study: sentences_of(["It ran in Mali."]),
    }

    [country] = accuracy(session, review_id=cast.review_id, texts=texts)

    assert (country.item.key, country.n_coded, country.n_suggested) == ("country", 2, 2)
    assert (country.precision, country.recall) == (0.5, 0.5)


def test_neither_special_values_nor_quotes_that_were_cleared_teach(session, cast, review):
    other = CodingReview(session, cast, label="Roe 2003")
    about = {"study_id": other.study, "contract_id": other.contract}
    other.code("costs", {"special": "unclear"}, **about, quote=QUOTE)
    assert _suggested(session, review, LIKE) == {}

    row = other.code("costs", "present", **about, quote=QUOTE)
    other.code("costs", "present", **about, by=cast.reviewer_b)
    other.do(clear_code, code_id=row.id, by=cast.reviewer_a)
    assert _suggested(session, review, LIKE) == {}
