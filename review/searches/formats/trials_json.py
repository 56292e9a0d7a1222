"""Studies of ClinicalTrials.gov in JSON: `{"protocolSection": {…}}`, as its website and API give.

Form: https://clinicaltrials.gov/data-api/about-api/study-data-structure
"""

from collections.abc import Iterator

from review.searches.formats.building import build_record
from review.searches.formats.json_items import Item, item_blocks, items_at, text_at, texts_at
from review.searches.formats.records import Block, ParsedRecord
from review.searches.formats.source import TextSource
from review.searches.formats.trials import describe_trial

_STUDY = "https://clinicaltrials.gov/study/"


def read(source: TextSource) -> Iterator[Block]:
    """Yield the blocks of a file: studies in a list, in the API's `studies`, or one a line."""
    return item_blocks(source, "studies", to_record=to_record)


def to_record(item: Item) -> ParsedRecord:
    """Return the record in a study; other parts of it stay in the raw block."""
    protocol = item.get("protocolSection")
    number = text_at(protocol, "identificationModule", "nctId")
    extra = _extra(protocol)
    return build_record(
        title=text_at(protocol, "identificationModule", "briefTitle")
        or text_at(protocol, "identificationModule", "officialTitle"),
        abstract=text_at(protocol, "descriptionModule", "briefSummary") or describe_trial(extra),
        years=[
            text_at(protocol, "statusModule", "studyFirstPostDateStruct", "date"),
            text_at(protocol, "statusModule", "studyFirstSubmitDate"),
            text_at(protocol, "statusModule", "startDateStruct", "date"),
        ],
        url=f"{_STUDY}{number}" if number else None,
        type=text_at(protocol, "designModule", "studyType"),
        accession=number,
        keywords=texts_at(protocol, "conditionsModule", "keywords"),
        extra=extra,
    )


def _extra(protocol: object) -> dict[str, list[str]]:
    """Return the other fields that a reviewer may look for."""
    identification = ("identificationModule",)
    secondary = items_at(protocol, *identification, "secondaryIdInfos")
    arms, outcomes = ("armsInterventionsModule", "interventions"), "outcomesModule"
    return {
        "official title": [text_at(protocol, *identification, "officialTitle")],
        "acronym": [text_at(protocol, *identification, "acronym")],
        "other numbers": [
            *texts_at(protocol, *identification, "nctIdAliases"),
            text_at(protocol, *identification, "orgStudyIdInfo", "id"),
            *(text_at(number, "id") for number in secondary),
        ],
        "sponsor": [text_at(protocol, "sponsorCollaboratorsModule", "leadSponsor", "name")],
        "status": [text_at(protocol, "statusModule", "overallStatus")],
        "start date": [text_at(protocol, "statusModule", "startDateStruct", "date")],
        "description": [text_at(protocol, "descriptionModule", "detailedDescription")],
        "conditions": texts_at(protocol, "conditionsModule", "conditions"),
        "interventions": [text_at(part, "name") for part in items_at(protocol, *arms)],
        "primary outcome": [
            text_at(part, "measure") for part in items_at(protocol, outcomes, "primaryOutcomes")
        ],
        "reports": [
            text_at(part, "citation")
            for part in items_at(protocol, "referencesModule", "references")
        ],
    }
