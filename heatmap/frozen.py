"""What a publication freezes: everything that its maps are counted from, as plain data.

No names, notes or decisions of people are part of it, and no item that the protocol keeps private.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from heatmap.axes import mapped_items
from heatmap.cells import HeatMap, MapSource
from heatmap.changes import changes
from heatmap.coded import CodedStudies, ListedContract, read_coded
from heatmap.contents import CellContent, Pair, QuotedValue, Report, contents_of
from heatmap.counting import MapBase, count, kept_bases, searched_to
from protocols.schema import Protocol
from review.decisions.stopping import stop_in_force
from review.errors import Invalid
from review.events import last_event
from review.prisma.counts import count_flow
from review.prisma.drawing import to_svg
from review.reviews import protocol_state
from review.searches.searches import search_counts
from review.studies.coding import Subject
from review.tables import Event, Publication, Review
from review.tables.base import utc_now

LICENCES = {
    "CC BY 4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC BY-NC 4.0": "https://creativecommons.org/licenses/by-nc/4.0/",
    "CC BY-SA 4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
    "CC0 1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
}


@dataclass(frozen=True)
class PublicationDetails:
    """Who publishes a map, and under which terms; what is not given is left out."""

    authors: str = ""  # separated by semicolons, as they are to be cited
    institution: str = ""
    contact: str = ""  # an address for e-mail, or of a page
    licence: str = "CC BY 4.0"  # one of `LICENCES`
    next_update: str = ""  # when the next publication is due, in words


def freeze(
    session: Session,
    review_id: UUID,
    *,
    details: PublicationDetails | None = None,
    previous: Publication | None = None,
) -> dict[str, Any]:
    """Return everything that the review's maps are counted from, as plain data.

    With the ``previous`` publication, it says what has changed since.  Raises Invalid if the
    protocol has no map, or a map uses an item that the protocol keeps private.
    """
    state = protocol_state(session, review_id)
    if not state.protocol.frameworks:
        raise Invalid("The protocol has no framework, so there is no map to publish.")
    items = mapped_items(state.protocol)
    if private := sorted({item.key for item in items if not item.public}):
        raise Invalid(
            f"The map uses items that the protocol keeps private: {', '.join(private)}. Remove"
            " them from the map, or make them public."
        )
    coded = read_coded(session, review_id=review_id, items=[item.key for item in items])
    pairs: list[Pair] = []
    for study in coded.studies:
        contracts = coded.contracts.get(study, [])
        pairs += [(study, contract) for contract in contracts] or [(study, None)]
    number = last_event(session, review_id)
    searched = searched_to(session, review_id)
    stop = stop_in_force(session, review_id)
    head = select(Event.hash).where(Event.review_id == review_id, Event.number == number)
    flow = count_flow(session, review_id=review_id)
    content = {
        "details": asdict(details or PublicationDetails()),
        "flow": {"counts": flow.counts, "svg": to_svg(flow)},
        "searches": _searches(session, review_id),
        "review": session.get_one(Review, review_id).title,
        "question": state.protocol.question,
        "made_at": utc_now().isoformat(timespec="seconds"),
        "searched_to": searched.isoformat() if searched else None,
        "stopped": stop.sentence if stop else None,
        "up_to_event": number,
        "head": session.scalar(head),
        "protocol": _public_protocol(state.protocol),
        "protocol_version": state.number,
        "coded": _coded_as_data(coded),
        "lines": [
            _content_as_data(content)
            for content in contents_of(session, review_id=review_id, pairs=pairs, is_public=True)
        ],
    }
    if previous is not None:
        content["changes"] = changes(
            previous.content,
            content,
            maps=_common_maps(previous.content, content),
            number=previous.number,
        )
    return content


def _searches(session: Session, review_id: UUID) -> list[dict[str, Any]]:
    """Return each search with its source, its day, and how many records it gave."""
    lines = [
        line for line in search_counts(session, review_id=review_id) if not line.search.is_withdrawn
    ]
    lines.sort(key=lambda line: (line.search.source, line.search.run_on or date.min))
    return [
        {
            "source": line.search.source,
            "kind": line.search.kind,
            "run_on": line.search.run_on.isoformat() if line.search.run_on else None,
            "records": line.n_accepted,
        }
        for line in lines
    ]


def _common_maps(
    old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[tuple[HeatMap, HeatMap]]:
    """Yield each map that two publications have, as it was and as it is."""
    before = {one["key"] for one in old["protocol"]["frameworks"]}
    for framework in new["protocol"]["frameworks"]:
        if (key := framework["key"]) in before:
            yield published_map(old, framework=key), published_map(new, framework=key)


def _public_protocol(protocol: Protocol) -> dict[str, Any]:
    """Return the protocol as data, without the items that it keeps private."""
    public = tuple(item for item in protocol.codebook if item.public)
    keys, groups = {item.key for item in public}, {item.group for item in public}
    maps = tuple(
        one.model_copy(
            update={
                "findings": one.findings if one.findings in keys else None,
                "themes": one.themes if one.themes and one.themes.group in groups else None,
            }
        )
        for one in protocol.frameworks
    )
    return protocol.model_copy(update={"codebook": public, "frameworks": maps}).model_dump(
        mode="json"
    )


def published_map(
    content: Mapping[str, Any], *, number: int | None = None, **options: Any
) -> HeatMap:
    """Return a map of a publication; the ``options`` are those of `heatmap.cells.count`."""
    day = content["searched_to"]
    source = MapSource(
        review=content["review"],
        day=datetime.fromisoformat(content["made_at"]).date(),
        number=number,
        searched_to=date.fromisoformat(day) if day else None,
    )

    def make() -> MapBase:
        coded = _coded_from(content["coded"], content["lines"])
        return MapBase(coded, Protocol.model_validate(content["protocol"]))

    key = (content["head"], content["up_to_event"], content["made_at"])
    return count(
        kept_bases.get(key, make),
        source=source,
        as_of=content["up_to_event"],
        stopped=content.get("stopped"),  # none in publications of older releases
        **options,
    )


def published_maps(publication: Publication) -> Iterator[HeatMap]:
    """Yield every map of a publication as readers first see it."""
    content, number = publication.content, publication.number
    for framework in Protocol.model_validate(content["protocol"]).frameworks:
        yield published_map(content, number=number, framework=framework.key)


def published_contents(content: Mapping[str, Any], pairs: Collection[Pair]) -> list[CellContent]:
    """Return what a publication has of pairs of study and contract."""
    wanted = {(str(study), _id_as_text(contract)) for study, contract in pairs}
    return [
        _content_from(line)
        for line in content["lines"]
        if (line["study_id"], line["contract_id"]) in wanted
    ]


def _coded_as_data(coded: CodedStudies) -> dict[str, Any]:
    studies = {*coded.studies, *coded.excluded}
    contracts = {contract for study in studies for contract in coded.contracts.get(study, ())}
    return {
        "studies": [str(study) for study in coded.studies],
        "n_reports": {str(study): n for study, n in coded.n_reports.items()},
        "contracts": {
            str(study): [str(contract) for contract in contracts]
            for study, contracts in coded.contracts.items()
            if study in coded.n_reports or study in coded.excluded
        },
        "values": [
            [_id_as_text(subject.study_id), _id_as_text(subject.contract_id), item, value]
            for (subject, item), value in coded.values.items()
            if subject.study_id in studies or subject.contract_id in contracts
        ],
        "coded_studies": sorted(str(study) for study in coded.coded_studies),
        "years": {str(study): list(years) for study, years in coded.years.items()},
        "excluded": {str(study): list(reasons) for study, reasons in coded.excluded.items()},
        "known": [
            [
                {item: list(keys) for item, keys in one.values.items()},
                [str(contract) for contract in one.contracts if contract in contracts],
            ]
            for one in coded.known
        ],
    }


def _coded_from(data: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> CodedStudies:
    return CodedStudies(
        studies=[UUID(study) for study in data["studies"]],
        n_reports={UUID(study): n for study, n in data["n_reports"].items()},
        contracts={
            UUID(study): [UUID(contract) for contract in contracts]
            for study, contracts in data["contracts"].items()
        },
        values={
            (Subject(_id_from(study), _id_from(contract)), item): value
            for study, contract, item, value in data["values"]
        },
        coded_studies=frozenset(UUID(study) for study in data["coded_studies"]),
        years={UUID(study): years for study, years in data.get("years", {}).items()},
        excluded={UUID(study): why for study, why in data.get("excluded", {}).items()},
        known=[
            ListedContract(values, [UUID(contract) for contract in contracts])
            for values, contracts in data.get("known", ())
        ],
        labels={UUID(line["study_id"]): line["study"] for line in lines}
        | {UUID(line["contract_id"]): line["contract"] for line in lines if line["contract_id"]},
    )


def _content_as_data(content: CellContent) -> dict[str, Any]:
    data = asdict(content)
    for report in data["reports"]:
        del report["record_id"]
    return data | {
        "study_id": str(content.study_id),
        "contract_id": _id_as_text(content.contract_id),
    }


def _content_from(data: Mapping[str, Any]) -> CellContent:
    return CellContent(
        study_id=UUID(data["study_id"]),
        study=data["study"],
        contract_id=_id_from(data["contract_id"]),
        contract=data["contract"],
        reports=[Report(record_id=None, **report) for report in data["reports"]],
        passages=[QuotedValue(**value) for value in data["passages"]],
    )


def _id_as_text(id_: UUID | None) -> str | None:
    return None if id_ is None else str(id_)


def _id_from(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)
