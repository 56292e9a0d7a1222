"""What a review has already, when a coding sheet comes in: reports, studies, contracts, codes."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.states.closing import open_clusters
from review.states.clusters import Scope
from review.states.flow import INCLUDED, flow_states
from review.studies.coding import Subject
from review.studies.coding_sheets.matching import plain_name
from review.studies.contracts import contracts_by_label, linked_contracts
from review.studies.current_codes import current_codes
from review.tables import AgreedCode, Code, ExternalId, Study, StudyContract
from review.vocabulary import Stage


@dataclass
class AlreadyHere:
    """What a sheet is compared with; the importer adds what the sheet brings as it goes."""

    included: set[UUID]  # clusters, without those on which a decision may still change
    study_of: dict[UUID, UUID]  # by cluster
    study_labels: set[str]
    contracts: dict[tuple[str, ...], UUID]  # by `plain_name`
    contract_labels: set[str]
    links: set[tuple[UUID, UUID]]  # of a study and a contract
    unlinked: set[tuple[UUID, UUID]]  # that somebody took back
    values: dict[tuple[Subject, str, UUID], object]  # by subject, item and coder
    agreed: set[tuple[Subject, str]]
    numbered: set[tuple[UUID | None, str]]  # studies with a number of this scheme


def read_already(session: Session, review_id: UUID) -> AlreadyHere:
    """Return what a review has now."""
    table = flow_states(session, review_id=review_id)
    flow = session.execute(select(table.c.cluster_id, table.c.flow_state, table.c.study_id)).all()
    contracts = contracts_by_label(session, review_id=review_id)
    links = {
        (study, contract)
        for study, linked in linked_contracts(session, review_id).items()
        for contract in linked
    }
    ever = select(StudyContract.study_id, StudyContract.contract_id)
    codes, agreed = (select(current_codes(Scope(review_id), table)) for table in (Code, AgreedCode))
    numbers = select(ExternalId).where(ExternalId.review_id == review_id)
    return AlreadyHere(
        included={row.cluster_id for row in flow if row.flow_state in INCLUDED}
        - still_open(session, review_id),
        study_of={row.cluster_id: row.study_id for row in flow if row.study_id},
        study_labels=set(session.scalars(select(Study.label).where(Study.review_id == review_id))),
        contracts={plain_name(one.label): one.id for one in contracts},
        contract_labels={one.label for one in contracts},
        links=links,
        unlinked={
            (study, contract)
            for study, contract in session.execute(ever.where(StudyContract.review_id == review_id))
        }
        - links,
        values={
            (Subject(one.study_id, one.contract_id), one.item, one.coder_id): one.value
            for one in session.execute(codes)
        },
        agreed={
            (Subject(one.study_id, one.contract_id), one.item) for one in session.execute(agreed)
        },
        numbered={(one.study_id, one.scheme) for one in session.scalars(numbers)},
    )


def still_open(session: Session, review_id: UUID) -> set[UUID]:
    """Return the clusters on which a reviewer may still change a decision, at either stage."""
    return {
        cluster
        for stage in Stage
        for cluster in open_clusters(session, review_id=review_id, stage=stage)
    }
