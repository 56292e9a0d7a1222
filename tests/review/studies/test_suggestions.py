"""Which reports and studies are suggested as one study, with the reasons that a person sees."""

from review.duplicates.judgements import judge
from review.states.flow import FlowState, record_rows
from review.studies.contracts import add_contract, link_contract
from review.studies.studies import add_study
from review.studies.suggestions import suggestions
from review.vocabulary import Judgement
from tests.factories import include_fully, make_records

WAYS = "Ways to Wellness"


def _include(session, cast, *reports):
    records = make_records(session, cast.review_id, list(reports))
    for record in records:
        include_fully(session, cast, record)
    return records


def _suggested(session, cast):
    """Return, by title or name, the names of what is suggested, and the reasons."""
    rows = record_rows(session, review_id=cast.review_id, states=[FlowState.AWAITING_STUDY])
    waiting = [record for record, _, _ in rows]
    titles = {record.id: record.title for record in waiting}
    found = suggestions(session, review_id=cast.review_id, waiting=waiting)
    return {
        titles.get(key, key): {
            one.study.label if one.study else one.report.title: list(one.reasons) for one in group
        }
        for key, group in found.items()
    }


def test_one_team_on_one_contract_is_suggested_with_both_reasons(session, cast):
    first, _, _ = _include(
        session, cast,
        {"title": "Interim evaluation", "authors": ["Wilkinson, Mary", "Bell, Juan P"]},
        {"title": f"Final evaluation of {WAYS}", "authors": ["Juan Bell", "M. Wilkinson"]},
        {"title": f"Final evaluation of costs of {WAYS}", "authors": ["Okafor, Ngozi"]},
    )  # fmt: skip
    study = add_study(session, review_id=cast.review_id, label="Wilkinson 2018", reports=[first],
                      by=cast.lead)  # fmt: skip
    contract = add_contract(session, review_id=cast.review_id, label=WAYS, by=cast.lead)
    link_contract(session, review_id=cast.review_id, study_id=study.id, contract_id=contract.id,
                  by=cast.lead)  # fmt: skip

    found = _suggested(session, cast)

    reasons = ["same authors: Bell, Wilkinson", f"about {WAYS}"]
    assert found == {
        f"Final evaluation of {WAYS}": {"Wilkinson 2018": reasons},
        study.id: {f"Final evaluation of {WAYS}": reasons},
    }


def test_one_team_with_the_same_rare_words_is_suggested_and_one_reason_is_not_enough(session, cast):
    team = ["Nwosu, A", "Lindqvist, B"]
    _include(
        session, cast,
        {"title": "Foster placements after prison in Saskatchewan: protocol", "authors": team},
        {"title": "Foster placements after prison in Saskatchewan, results", "authors": team},
        {"title": "Vaccines in Rajasthan", "authors": team},
        {"title": "Foster placements after prison in Saskatchewan, a comment",
         "authors": ["Okafor, N"]},
    )  # fmt: skip

    found = _suggested(session, cast)

    assert {frozenset([title, *others]) for title, others in found.items()} == {
        frozenset({
            "Foster placements after prison in Saskatchewan: protocol",
            "Foster placements after prison in Saskatchewan, results",
        })
    }  # fmt: skip


def test_what_was_marked_as_the_same_study_comes_first(session, cast):
    left, right = _include(session, cast, {"title": "A preprint", "authors": []},
                            {"title": "An article", "authors": []})  # fmt: skip
    judge(session, review_id=cast.review_id, left_id=left, right_id=right,
          verdict=Judgement.SAME_STUDY, by=cast.lead)  # fmt: skip

    assert _suggested(session, cast) == {
        "A preprint": {"An article": ["marked as the same study"]},
        "An article": {"A preprint": ["marked as the same study"]},
    }
