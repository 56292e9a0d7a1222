"""A review with one coded study, for the tests of studies, codes and agreement."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from protocols.schema import Protocol
from review.events import last_event
from review.reviews import protocol_of
from review.studies.agreement import CodedValue, coded_values
from review.studies.coding import code
from review.studies.contracts import add_contract, link_contract
from review.studies.studies import add_study
from review.tables import Code
from tests.factories import Cast, include_fully, make_records


class CodingReview:
    """A review with one study of one report, and a contract that it reports on."""

    def __init__(self, session: Session, cast: Cast, label: str = "Doe 2001") -> None:
        self.session = session
        self.cast = cast
        [self.report] = make_records(session, cast.review_id)
        include_fully(session, cast, self.report)
        self.study = self.do(add_study, label=label, reports=[self.report], by=cast.lead).id
        self.contract = self.do(add_contract, label=f"Contract of {label}", by=cast.lead).id
        self.do(link_contract, study_id=self.study, contract_id=self.contract, by=cast.reviewer_a)

    def do(self, act: Any, **arguments: Any) -> Any:
        return act(self.session, review_id=self.cast.review_id, **arguments)

    def code(self, item: str, value: object, *, by: Any = None, **more: UUID | str) -> Code:
        return self.do(code, item=item, value=value, by=by or self.cast.reviewer_a, **more)

    def value(self, item: str, as_of: int | None = None) -> CodedValue:
        [value] = self.do(coded_values, items=[item], as_of=as_of)
        return value

    def protocol(self) -> Protocol:
        return protocol_of(self.session, self.cast.review_id)

    def now(self) -> int:
        return last_event(self.session, self.cast.review_id)
