"""A reviewer who leaves, and new rules for records that have begun."""

import re

from review.decisions.decisions import decide
from review.reviews import members_of
from review.vocabulary import Role, Stage, Verdict
from screening.queue.assignments import assign, assigned_reviewers
from tests.factories import make_records, protocol_text

TITLE_ABSTRACT = Stage.TITLE_ABSTRACT


def decide_on(database, people, n_new=3):
    """Make records: ana has decided on two of them, and nobody on the others."""
    with database.writing() as session:
        for record in make_records(session, people.review_id, 2 + n_new)[:2]:
            decide(session, review_id=people.review_id, record_id=record, stage=TITLE_ABSTRACT,
                   verdict=Verdict.INCLUDE, by=people.reviewer_a)  # fmt: skip


def words(page) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page.text))


def test_removing_a_reviewer_says_what_it_leaves_and_the_overview_says_so_until_somebody_comes(
    database, people, sign_in
):
    decide_on(database, people)
    lead, address = sign_in(people.lead), f"/reviews/{people.slug}"
    before = words(lead.get(f"{address}/settings"))
    assert "2 records are waiting for a second decision that only Reviewer_B can make" in before
    assert "nobody is left" not in words(lead.get(address))

    ben = {"email": people.emails["reviewer_b"], "role": "reviewer", "remove": "yes"}
    lead.post(f"{address}/settings/members", ben)

    after = words(lead.get(address))
    assert "2 records are waiting for a second decision, and nobody is left to make it" in after
    assert "3 records without a decision have too few reviewers" in after
    lead.post(f"{address}/settings/members",
              {"email": people.emails["outsider"], "role": "reviewer"})  # fmt: skip
    assert "nobody is left" not in words(lead.get(address))


def test_a_successor_takes_over_with_the_assignment(database, people, sign_in):
    decide_on(database, people)
    with database.writing() as session:
        assign(session, review_id=people.review_id, account_id=people.reviewer_b.account_id,
               workload=3, languages=["es"], by=people.lead)  # fmt: skip
    leaving = {"email": people.emails["reviewer_b"], "role": "reviewer", "remove": "yes",
               "successor": people.emails["advisor"]}  # fmt: skip

    answer = sign_in(people.lead).post(f"/reviews/{people.slug}/settings/members", leaving)

    assert answer.status_code == 303
    with database.reading() as session:
        roles = {account.id: roles for account, roles in members_of(session, people.review_id)}
        [_, successor] = assigned_reviewers(session, people.review_id)
    assert people.reviewer_b.account_id not in roles
    assert Role.REVIEWER in roles[people.advisor.account_id]
    assert (successor.account_id, successor.workload, successor.languages) == (
        people.advisor.account_id, 3, ["es"],
    )  # fmt: skip


def test_a_change_of_the_rules_is_previewed_in_numbers_and_can_be_applied_to_what_has_begun(
    database, people, sign_in
):
    decide_on(database, people)
    lead, address = sign_in(people.lead), f"/reviews/{people.slug}/settings"
    text = protocol_text(needed=1)

    protocol = f"/reviews/{people.slug}/protocol"
    lead.post(f"{protocol}/yaml", {"text": text})
    preview = words(lead.get(f"{protocol}/draft"))
    assert "3 records without a decision follow the new rule" in preview
    assert "2 records that have one decision still need a second" in preview
    assert "Apply the new rule" not in words(lead.get(address))

    lead.post(f"{protocol}/draft", {"text": text, "why": "Time is short."})
    assert "2 records at title and abstract have one decision" in words(lead.get(address))
    done = lead.post(f"{address}/rules", {"stage": "title_abstract", "why": "The same for all."})
    assert done.status_code == 303
    assert "have one decision" not in words(lead.get(address))
