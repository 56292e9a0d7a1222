"""Lists of studies, of contracts, and of what was coded about them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from protocols.schema import AppraisalPart
from protocols.values import describe_value
from review.lists.tables import ListTable
from review.reviews import protocol_of
from review.studies import tidy
from review.studies.appraisal import appraisal_tables
from review.studies.contracts import contracts_by_label, studies_of_contracts
from review.studies.known_contracts.lists import known_projects
from review.studies.known_contracts.matches import matches_of
from review.studies.studies import reports_of, studies_by_label


def studies_list(session: Session, review_id: UUID) -> ListTable:
    """Return the studies, each with its reports."""
    columns = ("study", "reports", "titles of its reports", "years", "dois", "id")

    def rows() -> Iterator[Sequence[object]]:
        for study in studies_by_label(session, review_id=review_id):
            reports = reports_of(session, review_id=review_id, study_id=study.id)
            yield (
                study.label, len(reports), [report.title for report in reports],
                [report.year for report in reports if report.year],
                [report.doi for report in reports if report.doi], study.id,
            )  # fmt: skip

    return ListTable("studies", columns, rows())


def appraisal_list(session: Session, review_id: UUID) -> ListTable:
    """Return the answers to the checklists for quality, a row for each study and question."""
    columns = (
        "study",
        "checklist",
        "question",
        "critical",
        "answer",
        "overall",
        "by the rule",
        "id",
    )

    def rows() -> Iterator[Sequence[object]]:
        for table in appraisal_tables(session, review_id=review_id):
            for row in table.studies:
                for item in table.questions:
                    value = row.values.get(item.key)
                    yield (
                        row.study.label, table.group, item.label,
                        "yes" if item.appraisal is AppraisalPart.CRITICAL else "no",
                        "" if value is None else describe_value(item, value),
                        row.overall if isinstance(row.overall, str) else "",
                        row.rule.level if row.rule else "", row.study.id,
                    )  # fmt: skip

    return ListTable("appraisal", columns, rows())


def contracts_list(session: Session, review_id: UUID) -> ListTable:
    """Return the contracts, each with the studies that report on it."""
    columns = ("contract", "studies", "names of its studies", "id")
    studies = studies_of_contracts(session, review_id=review_id)

    def rows() -> Iterator[Sequence[object]]:
        for contract in contracts_by_label(session, review_id=review_id):
            names = studies.get(contract.id, [])
            yield contract.label, len(names), names, contract.id

    return ListTable("contracts", columns, rows())


def known_contracts_list(session: Session, review_id: UUID) -> ListTable:
    """Return the known contracts, each with the review's own that was matched to it."""
    columns = (
        "number", "name", "other names", "countries", "places", "policy sectors", "type", "start",
        "stage", "outcome payers", "service providers", "evaluation reports", "contract here",
        "studies",
    )  # fmt: skip
    studies = studies_of_contracts(session, review_id=review_id)
    labels = {one.id: one.label for one in contracts_by_label(session, review_id=review_id)}
    matched = defaultdict(list)
    for contract, match in matches_of(session, review_id=review_id).items():
        matched[match.key].append(contract)

    def rows() -> Iterator[Sequence[object]]:
        for one in known_projects(session, review_id=review_id):
            own = matched.get(one.key, [])
            yield (
                one.key, one.name, one.other_names, one.countries, one.places, one.sectors,
                one.instrument, one.start, one.stage, one.payers, one.providers,
                [report.url or report.title for report in one.evaluations],
                [labels[contract] for contract in own],
                [study for contract in own for study in studies.get(contract, [])],
            )  # fmt: skip

    return ListTable("known-contracts", columns, rows())


def coded_list(session: Session, review_id: UUID) -> ListTable:
    """Return the coding as a tidy table, whose columns `dictionary_list` describes."""
    codebook = protocol_of(session, review_id).codebook
    return ListTable(
        "coded", (*tidy.KEYS, *tidy.columns(codebook)), tidy.coded_rows(session, review_id)
    )


def dictionary_list(session: Session, review_id: UUID) -> ListTable:
    """Return what each column of `coded_list` is."""
    codebook = protocol_of(session, review_id).codebook
    return ListTable("dictionary", tidy.DICTIONARY_COLUMNS, tidy.dictionary_rows(codebook))
