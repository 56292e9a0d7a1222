"""How the pretend sources index the works: once, as copies, as possible duplicates, or early."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from random import Random

from api.demonstration.words import words, world
from api.demonstration.works import Work
from review.vocabulary import SearchKind

SHARE_COPIED, SHARE_COPIED_AGAIN = 0.22, 0.15
N_POSSIBLE, N_EARLY = 34, 10


@dataclass(frozen=True)
class PretendSource:
    """A pretend source and the search that was run there."""

    name: str
    kind: SearchKind
    platform: str
    format: str  # the ending of its file
    weight: int  # how much of the literature it indexes
    query: str
    run_on: date
    n_unread: int = 0  # hits that it reported but did not export
    n_damaged: int = 0


LONG_QUERY = (
    '("outcome* based" OR "payment by result*" OR "pay for success" OR "impact bond*" OR '
    '"performance based" OR "results based financ*") AND (evaluat* OR evidence OR "case stud*")'
)
SHORT_QUERY = (
    '"impact bond*" OR "payment by results" OR "pago por resultados" OR "contrat à impact"'
)

SOURCES = (
    PretendSource("Pretend Index of Social Policy", SearchKind.DATABASE, "Imagined Host",
                  "ris", 30, LONG_QUERY, date(2021, 2, 15), n_damaged=3),
    PretendSource("Imagined Abstracts of Health Services", SearchKind.DATABASE,
                  "Make-Believe Portal", "nbib", 20, LONG_QUERY, date(2021, 2, 16)),
    PretendSource("Make-Believe Education Database", SearchKind.DATABASE, "Imagined Host",
                  "bib", 12, LONG_QUERY, date(2021, 2, 16), n_unread=7),
    PretendSource("Fictional Development Library", SearchKind.DATABASE, "Fictional Library",
                  "xml", 20, LONG_QUERY, date(2021, 2, 18)),
    PretendSource("Invented Register of Evaluations", SearchKind.REGISTER, "Invented Register",
                  "csv", 10, SHORT_QUERY, date(2021, 2, 22)),
    PretendSource("Made-Up Institute website", SearchKind.ORGANISATION, "Site search",
                  "csv", 8, SHORT_QUERY, date(2021, 3, 1)),
)  # fmt: skip
WEBSITE = len(SOURCES) - 1


@dataclass(frozen=True)
class SourceEntry:
    """A work as one source indexes it; fields that the source leaves out are None."""

    work: Work
    source: int
    title: str
    abstract: str | None
    authors: tuple[str, ...]
    year: int
    journal: str
    type: str = "Journal Article"
    doi: str | None = None
    volume: int | None = None
    issue: int | None = None
    pages: tuple[int, int] | None = None

    @property
    def language(self) -> str:
        """Return the three-letter code of the work's language."""
        code: str = words(self.work.language)["code"]
        return code


def make_entries(works: Sequence[Work], chance: Random) -> list[list[SourceEntry]]:
    """Return the entries of each of ``SOURCES``, in the order of its file."""
    by_source: list[list[SourceEntry]] = [[] for _ in SOURCES]
    plain = [work for work in works if not work.title.startswith(("Outcome monit", "Erratum"))]
    possible = {work.number for work in chance.sample(_with_subtitle(plain), N_POSSIBLE)}
    reported = [work for work in plain if work.study and work.number not in possible]
    early = {work.number for work in chance.sample(reported, N_EARLY)}
    for work in works:
        first = _indexed(work, _some_source(chance, set()))
        entries = [first]
        if work.number in possible:
            entries = [_complete(work, first.source % WEBSITE), _possible_duplicate(work, chance)]
        elif work.number in early:
            entries = [_complete(work, 0), _working_paper(work)]
        elif work in plain and first.source != WEBSITE and chance.random() < SHARE_COPIED:
            entries += _copies(first, chance)
        for entry in entries:
            by_source[entry.source].append(entry)
    return by_source


def _with_subtitle(works: Sequence[Work]) -> list[Work]:
    """Return the works whose title is long enough without its subtitle."""
    return [
        work for work in works if len(work.title.split(":")[0].split()) >= 5 and ":" in work.title
    ]


def _some_source(chance: Random, without: set[int]) -> int:
    sources = [source for source in range(len(SOURCES)) if source not in without]
    return chance.choices(sources, [SOURCES[source].weight for source in sources])[0]


def _indexed(work: Work, source: int) -> SourceEntry:
    """Return a work as a source indexes it; a website has fewer fields."""
    if source != WEBSITE:
        return _complete(work, source)
    return SourceEntry(work, source, work.title, work.abstract, work.authors, work.year,
                 world()["journals"]["reports"], type="Report")  # fmt: skip


def _complete(work: Work, source: int) -> SourceEntry:
    return SourceEntry(
        work=work,
        source=source,
        title=work.title,
        abstract=work.abstract,
        authors=work.authors,
        year=work.year,
        journal=work.journal,
        doi=work.doi if work.number % 8 else None,
        volume=work.volume,
        issue=work.issue,
        pages=work.pages,
    )


def _copies(first: SourceEntry, chance: Random) -> Iterator[SourceEntry]:
    """Yield one or two clear duplicates, each indexed slightly differently."""
    taken = {first.source, WEBSITE}
    for _ in range(2 if chance.random() < SHARE_COPIED_AGAIN else 1):
        source = _some_source(chance, taken)
        taken.add(source)
        yield replace(
            first,
            source=source,
            title=first.title.upper() if chance.random() < 0.1 else first.title,
            authors=_initials(first.authors) if chance.random() < 0.5 else first.authors,
            abstract=None if chance.random() < 0.15 else first.abstract,
        )


def _initials(authors: Sequence[str]) -> tuple[str, ...]:
    names = (author.split(", ") for author in authors)
    return tuple(f"{family}, {given[0]}." for family, given in names)


def _possible_duplicate(work: Work, chance: Random) -> SourceEntry:
    """Return a work as a website lists it: perhaps the same, but without proof."""
    title = work.title.split(":")[0].strip()
    return SourceEntry(
        work=work,
        source=chance.choice((WEBSITE, WEBSITE - 1)),
        title=title,
        abstract=None,
        authors=_initials(work.authors[: 1 if work.number % 4 == 0 else None]),
        year=work.year,
        journal=work.journal,
        volume=work.volume if work.number % 3 else None,
        issue=work.issue if work.number % 3 == 2 else None,
    )


def _working_paper(work: Work) -> SourceEntry:
    """Return the working paper that appeared before the article."""
    journal: str = world()["journals"]["early"]
    return SourceEntry(
        work=work,
        source=3,
        title=work.title,
        abstract=work.abstract,
        authors=work.authors,
        year=work.year - 1,
        journal=journal,
        type="Working Paper",
        doi=f"10.5555/early.{work.year - 1}.{work.number:04d}",
    )
