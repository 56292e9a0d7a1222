"""Which report each study of a coding sheet is known through, and which contracts are the same."""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from protocols.schema import Prefill
from review.decisions.imported_records import KnownRecords, match_records
from review.searches.formats import ParsedRecord
from review.studies.coding_sheets.sheet import CodingSheet, SheetStudy, same_studies
from review.studies.contract_names import NameIndex, words_of
from review.studies.contracts import contracts_by_label

MOST_NAMES = 1_000


def record_of(study: SheetStudy) -> ParsedRecord:
    """Return a study's main report, as far as the sheet describes it."""
    facts, year = study.facts, study.facts.get(Prefill.YEAR, "")[:4]
    return ParsedRecord(
        title=study.title,
        authors=tuple(part.strip() for part in facts.get(Prefill.AUTHORS, "").split(";")),
        year=int(year) if year.isdecimal() else None,
        journal=facts.get(Prefill.JOURNAL),
        doi=facts.get(Prefill.DOI),
        url=facts.get(Prefill.URL),
    )


def find_reports(
    known: KnownRecords,
    studies: Sequence[SheetStudy],
    on_progress: Callable[[float], None] | None = None,
) -> dict[int, UUID]:
    """Return the cluster of the report of each study, by the study's place in the sheet."""
    first = same_studies(studies)
    records = {
        place: record_of(study)
        for place, study in enumerate(studies)
        if study.title and first[place] == place
    }
    found = match_records(known, records, on_progress or (lambda _: None))
    return for_all_coders({place: known.cluster_id[one] for place, one in found.items()}, first)


def for_all_coders(reports: Mapping[int, UUID], first: Sequence[int]) -> dict[int, UUID]:
    """Return the reports of first places for every place of the same study, too."""
    return {place: reports[one] for place, one in enumerate(first) if one in reports}


def alike_names(session: Session, review_id: UUID, sheet: CodingSheet) -> list[tuple[str, str]]:
    """Return the contracts of a sheet whose names may mean one that is known or above them.

    Of the first `MOST_NAMES` names of the sheet; each comparison is with every name.
    """
    known = [contract.label for contract in contracts_by_label(session, review_id=review_id)]
    own = dict.fromkeys(one.name for study in sheet.studies for one in study.contracts if one.name)
    taken = {plain_name(name) for name in known}
    new = list({plain_name(name): name for name in own if plain_name(name) not in taken}.values())
    names = known + new[:MOST_NAMES]
    index, found = NameIndex(names), list[tuple[str, str]]()
    for place in range(len(known), len(names)):
        above = (names[other] for other, _ in index.alike(names[place]) if other < place)
        same = next((one for one in above if not _numbers_differ(names[place], one)), None)
        if same is not None:
            found.append((names[place], same))
    return found


def _numbers_differ(name: str, other: str) -> bool:
    """Say whether each name has a number that the other lacks, as *phase 1* and *phase 2* have."""
    own, others = ({word for word in words_of(one) if word.isdigit()} for one in (name, other))
    return bool(own - others and others - own)


def plain_name(name: str) -> tuple[str, ...]:
    """Return the words that names of the same contract have in common, whatever their spelling."""
    return tuple(words_of(name))
