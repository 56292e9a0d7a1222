"""Invitations by link, and one's own account."""

import re
from datetime import timedelta

from sqlalchemy import select, update

from review.permissions import roles_of
from review.reviews import add_member, remove_member
from review.tables import Account, Event, Invitation
from review.tables.base import utc_now
from review.vocabulary import Act, Role
from tests.factories import OPERATOR, make_account

NEWCOMER = {"name": "Nia New", "email": "nia@example.org", "password": "three plain words"}


def invited(lead, people, *roles):
    page = lead.post(
        f"/reviews/{people.slug}/settings/invitations", {"name": "Nia", "role": list(roles)}
    )
    return re.search(r'value="[^"]*(/invitations/[^"]+)"', page.text)[1]


def test_somebody_without_an_account_joins_by_the_link_once(sign_in, people, database):
    link = invited(sign_in(people.lead), people, "reviewer", "advisor")
    newcomer = sign_in()

    assert "You are invited" in newcomer.get(link).text
    joined = newcomer.client.post(f"{link}/account", data=NEWCOMER)
    again = sign_in().client.post(f"{link}/account", data=NEWCOMER | {"email": "x@example.org"})

    assert joined.headers["location"] == f"/reviews/{people.slug}"
    assert "siftmap=" in joined.headers["set-cookie"]
    assert again.status_code == 404
    with database.reading() as session:
        account = session.scalar(select(Account).where(Account.email == "nia@example.org"))
        held = roles_of(session, review_id=people.review_id, account_id=account.id)
        assert held == {Role.REVIEWER, Role.ADVISOR}
        joined_by = session.scalars(
            select(Event.actor_id).where(Event.act == Act.ADD_MEMBER).order_by(Event.number.desc())
        ).first()
        assert joined_by == account.id
        assert session.scalar(select(Account.id).where(Account.email == "x@example.org")) is None


def test_somebody_with_an_account_joins_with_it(sign_in, people, database):
    with database.writing() as session:
        other, _ = make_account(session, "other")
    link = invited(sign_in(people.lead), people, "adjudicator")
    browser = sign_in(other)

    assert "Join as Other" in browser.get(link).text
    browser.post(link)

    with database.reading() as session:
        held = roles_of(session, review_id=people.review_id, account_id=other.account_id)
    assert held == {Role.ADJUDICATOR}


def test_an_invitation_ends_with_time_with_a_word_and_with_its_makers_role(
    sign_in, people, database
):
    lead = sign_in(people.lead)
    late, withdrawn, orphaned = (invited(lead, people, "reviewer") for _ in range(3))
    [page] = [lead.get(f"/reviews/{people.slug}/settings").text]
    newest_first = re.findall(r"/invitations/([0-9a-f-]{36})/withdraw", page)
    lead.post(f"/reviews/{people.slug}/settings/invitations/{newest_first[1]}/withdraw")
    with database.writing() as session:
        session.execute(
            update(Invitation)
            .where(Invitation.id.in_(
                select(Invitation.id).order_by(Invitation.created_at).limit(1)))
            .values(expires_at=utc_now() - timedelta(seconds=1))
        )  # fmt: skip
        add_member(session, review_id=people.review_id, email=people.emails["advisor"],
                   role=Role.LEAD, by=OPERATOR)  # fmt: skip
        remove_member(session, review_id=people.review_id, email=people.emails["lead"],
                      role=Role.LEAD, by=OPERATOR)  # fmt: skip

    for link in (late, withdrawn, orphaned, "/invitations/nothing"):
        assert sign_in().get(link).status_code == 404


def test_a_new_password_ends_other_sessions_and_needs_the_old_one(sign_in, people, database):
    with database.writing() as session:
        who, email = make_account(session, "pat", "an old long password")
    here, elsewhere = sign_in(who), sign_in(who)

    wrong = here.post("/account/password", {"old": "not it at all", "new": "a new long password"})
    here.post("/account/password", {"old": "an old long password", "new": "a new long password"})

    assert wrong.status_code == 403
    assert here.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 303
    new = {"email": email, "password": "a new long password"}
    assert sign_in().client.post("/login", data=new).status_code == 303


def test_a_token_is_shown_once_works_and_ends(sign_in, people):
    browser, program = sign_in(people.lead), sign_in()

    page = browser.post("/account/tokens", {"name": "A script", "scope": "read"})
    token = re.search(r'value="(siftmap_[^"]+)"', page.text)[1]
    asked = {"headers": {"authorization": f"Bearer {token}"}}
    before = program.get("/api/v1/reviews", **asked)
    token_id = re.search(r"/account/tokens/([0-9a-f-]{36})/revoke", page.text)[1]
    browser.post(f"/account/tokens/{token_id}/revoke")

    assert before.status_code == 200
    assert program.get("/api/v1/reviews", **asked).status_code == 401
    assert token not in browser.get("/account").text
