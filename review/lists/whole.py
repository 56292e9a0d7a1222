"""Every list by its name, and who may see it."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from review.lists.records import retrieval_list, searches_list
from review.lists.studies import (
    appraisal_list,
    coded_list,
    contracts_list,
    dictionary_list,
    known_contracts_list,
    studies_list,
)
from review.lists.tables import ListTable
from review.permissions import Action, check

LISTS: Mapping[str, tuple[Callable[[Session, UUID], ListTable], Action]] = {
    "searches": (searches_list, Action.VIEW),
    "full-texts": (retrieval_list, Action.MANAGE),
    "studies": (studies_list, Action.CODE),
    "appraisal": (appraisal_list, Action.SEE_COUNTS),
    "contracts": (contracts_list, Action.CODE),
    "known-contracts": (known_contracts_list, Action.MANAGE),
    "coded": (coded_list, Action.MANAGE),
    "dictionary": (dictionary_list, Action.MANAGE),
}
"""The lists that are always whole, and what somebody must be allowed to do to have them."""


def whole_list(session: Session, review_id: UUID, name: str, *, by: Any) -> ListTable:
    """Return one of `LISTS`; raise NotAllowed for somebody who may not see it."""
    make, action = LISTS[name]
    check(session, review_id=review_id, by=by, action=action)
    return make(session, review_id)
