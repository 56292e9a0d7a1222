"""Which reports and studies may be one study: a person decides, and sees why each is suggested."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.duplicates.matching.normalise import plain
from review.states.clusters import Scope, cluster_ids, latest
from review.studies.contract_names import is_common, words_of
from review.studies.contracts import contracts_by_label, linked_contracts
from review.studies.studies import same_study_links
from review.tables import Record, Study, StudyReport

SHARED_AUTHORS = 2  # so many shared authors suggest one team; a single author of both does too
SHARED_WORDS = 3  # so many rare words shared by two titles suggest one subject
RARE = 4  # a word in the titles of so many reports or fewer is rare


@dataclass(frozen=True)
class Suggestion:
    """A study, or a report without one, that may be the same study, and why."""

    study: Study | None
    report: Record | None
    reasons: Sequence[str]


@dataclass(frozen=True)
class _Group:
    """A study with its reports, or one report without a study."""

    study: Study | None
    reports: Sequence[Record]
    people: frozenset[tuple[str, str]]  # the family name and the initial of each author
    contracts: frozenset[str]  # names of those it reports on, or that its titles and abstracts name

    @property
    def key(self) -> UUID:
        return self.study.id if self.study else self.reports[0].id


def suggestions(
    session: Session, *, review_id: UUID, waiting: Sequence[Record]
) -> dict[UUID, list[Suggestion]]:
    """Return what may be the same study, the likeliest first, by the id of a study or a report.

    ``waiting`` are the included reports without a study.  Two are suggested where somebody, or the
    search for duplicates, said *same study*; where one team writes about one contract; and where
    one team uses the same rare words in its titles.
    """
    groups = _groups(session, review_id, waiting)
    marked = _marked(session, review_id, groups)
    rare = _rare_words(groups)
    found: dict[UUID, list[tuple[int, Suggestion]]] = defaultdict(list)
    for left, right in _pairs(groups, marked):
        team = list(_same_team(left, right))
        reasons = [*team, *_same_subject(left, right, rare=rare)]
        is_marked = right.key in marked.get(left.key, ())
        if is_marked:
            reasons.insert(0, "marked as the same study")
        elif not team or len(reasons) < 2:
            continue
        score = len(reasons) + 10 * is_marked
        for one, other in ((left, right), (right, left)):
            report = None if other.study else other.reports[0]
            found[one.key].append((score, Suggestion(other.study, report, reasons)))
    return {
        key: [one for _, one in sorted(of_group, key=lambda scored: -scored[0])]
        for key, of_group in found.items()
    }


def _pairs(
    groups: Sequence[_Group], marked: Mapping[UUID, set[UUID]]
) -> Iterator[tuple[_Group, _Group]]:
    """Yield the pairs that share an author or are marked, each once, in order."""
    of_person: dict[tuple[str, str], list[int]] = defaultdict(list)
    at = {group.key: place for place, group in enumerate(groups)}
    for place, group in enumerate(groups):
        for person in group.people:
            of_person[person].append(place)
    places = {pair for of_one in of_person.values() for pair in combinations(of_one, 2)}
    places |= {
        (at[key], at[other]) for key, others in marked.items() for other in others
        if at[key] < at[other]
    }  # fmt: skip
    return ((groups[left], groups[right]) for left, right in sorted(places))


def _groups(session: Session, review_id: UUID, waiting: Sequence[Record]) -> list[_Group]:
    links = latest(Scope(review_id), StudyReport, StudyReport.record_id)
    reports: dict[Study, list[Record]] = defaultdict(list)
    for study, record in session.execute(
        select(Study, Record)
        .join(links, links.c.study_id == Study.id)
        .join(Record, Record.id == links.c.record_id)
        .where(links.c.is_linked)
        .order_by(Study.event_number, Record.number)
    ):
        reports[study].append(record)
    labels = {one.id: one.label for one in contracts_by_label(session, review_id=review_id)}
    names = [
        (label, f" {plain(label)} ")
        for label in labels.values()
        if not all(is_common(word) for word in words_of(label))
    ]
    linked = linked_contracts(session, review_id)
    groups = [
        _Group(
            study,
            of_study,
            _people(of_study),
            frozenset(labels[contract] for contract in linked.get(study.id, ()))
            | _named(names, of_study),
        )
        for study, of_study in reports.items()
    ]
    return [
        *groups,
        *(_Group(None, [one], _people([one]), _named(names, [one])) for one in waiting),
    ]


def _named(names: Iterable[tuple[str, str]], reports: Sequence[Record]) -> frozenset[str]:
    """Return which contracts the titles or abstracts of reports name."""
    texts = [f" {plain(f'{one.title} {one.abstract or str()}')} " for one in reports]
    return frozenset(label for label, name in names if any(name in text for text in texts))


def _marked(
    session: Session, review_id: UUID, groups: Sequence[_Group]
) -> Mapping[UUID, set[UUID]]:
    """Return, by the key of a group, the groups of reports marked as the same study as its own."""
    links = same_study_links(session, review_id=review_id)
    if not links:
        return {}
    cluster_id = cluster_ids(session, Scope(review_id))
    group_of = {cluster_id[one.id]: group.key for group in groups for one in group.reports}
    marked: dict[UUID, set[UUID]] = defaultdict(set)
    for cluster, key in group_of.items():
        marked[key] |= {group_of[other] for other in links.get(cluster, ()) if other in group_of}
    return marked


def _same_team(left: _Group, right: _Group) -> Iterator[str]:
    shared = left.people & right.people
    is_alone = 1 in (len(left.people), len(right.people))
    if len(shared) >= SHARED_AUTHORS or (shared and is_alone):
        names = sorted(family.title() for family, _ in shared)
        yield f"same authors: {', '.join(names[:3])}{' …' if len(names) > 3 else ''}"


def _same_subject(left: _Group, right: _Group, *, rare: Mapping[UUID, set[str]]) -> Iterator[str]:
    if contracts := sorted(left.contracts & right.contracts):
        yield f"about {', '.join(contracts[:2])}"
    if len(words := rare[left.key] & rare[right.key]) >= SHARED_WORDS:
        yield f"titles share: {', '.join(sorted(words)[:4])}"


def _people(reports: Sequence[Record]) -> frozenset[tuple[str, str]]:
    found = set()
    for author in (author for report in reports for author in report.authors):
        family, comma, given = author.partition(",")
        if not comma:
            *rest, family = author.split() or [""]
            given = " ".join(rest)
        if family := plain(family):
            found.add((family, plain(given)[:1]))
    return frozenset(found)


def _rare_words(groups: Sequence[_Group]) -> Mapping[UUID, set[str]]:
    """Return the words of each group's titles that few other groups have in theirs."""
    words = {
        group.key: {
            word
            for report in group.reports
            for word in words_of(report.title)
            if len(word) > 3 and not word.isdigit() and not is_common(word)
        }
        for group in groups
    }
    n_groups = Counter(word for of_group in words.values() for word in of_group)
    return {
        key: {word for word in of_group if n_groups[word] <= RARE}
        for key, of_group in words.items()
    }
