"""Reasons why two records that look alike are not one report.

Titles of an erratum, of part II or of next year's editorial differ from their neighbours by a
word or not at all, so likeness alone cannot distinguish them; these rules can.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import numpy as np

from review.duplicates.matching.agreements import LONG_BEGINNING, in_one_journal
from review.duplicates.matching.compare import Comparison, unmatched_words
from review.duplicates.matching.differences import shared_part
from review.duplicates.matching.normalise import NUMBER_WORDS, STOP_WORDS, numbers
from review.duplicates.matching.prepare import Prepared
from review.duplicates.matching.series_words import series_words

T = TypeVar("T")


class PairKind(StrEnum):
    """How two records are related, as far as their fields show."""

    DUPLICATE = "duplicate"
    SAME_STUDY = "same_study"  # another report of the same study, or about it
    DIFFERENT = "different"


@dataclass(frozen=True)
class Veto:
    """Why a pair must not be merged, in words, and how the two records are related."""

    reason: str
    kind: PairKind


REGISTERED = Veto("only one is the trial's entry in a register", PairKind.SAME_STUDY)

_NOTICE = re.compile(
    r"^(?:author |publisher )?(?:erratum|errata|corrigend(?:um|a)|correction|corrections|addendum"
    r"|expression of concern|retraction|retraction notice|notice of retraction|withdrawal)\b"
    r"|\b(?:erratum|corrigendum|retraction|expression of concern|author correction)$"
    r"|\bvol \w+ (?:pg|art no|art|page|p) \w+(?: \w+)? \d{4}$"
)
_REPLY = re.compile(
    r"^(?:the )?(?:authors? |in )?(?:reply|rejoinder)\b|^re\b|^authors? response\b"
    r"|^(?:invited |editorial )?(?:commentary|comments?)\b"
    r"|^(?:a )?(?:response|letter|discussion)(?: to| from| by| regarding)\b"
    r"|\b(?:authors? reply|authors? response|reply|rejoinder|commentary|a comment|a response"
    r"|invited commentary|letter to the editor)$"
)
_SATELLITE = re.compile(
    r"\b(?:protocols?|secondary analys[ie]s|follow(?:up)?|post hoc|rationale|interim|reanalys[ie]s"
    r"|pilot|feasibility|extension|subgroup|substudy|replication|updated?|revisited)\b"
)
_PART = re.compile(
    r"\b(?:part|phase|pt|study|paper|chapter|stage|section|series|episode|lesson|report|unit"
    r"|module|appendix|session|lecture)"
    r" (\d+|[ivx]+|[a-z]|" + "|".join(NUMBER_WORDS) + r")\b"
)
_TRAILING_NUMBER = re.compile(r" (?:\d{1,2}|i{1,3}|iv|vi{0,3}|ix)$")
_CONFERENCE = re.compile(  # abbreviated as well: `Abstr Annu Meet`, `Proc Int Confe`
    r"\b(?:conf(?:e|er|ere|eren|erenc|erences?)?|congr?(?:e|es|ess|eso)?|congresso|symp(?:o\w*)?"
    r"|works(?:h|ho|hop|hops)?|annu\w* (?:scientific )?meet\w*|abst\w* annu\w*|meeting abst\w*"
    r"|tagung|kongress|colloque)\b"
)
_CONFERENCE_TYPES = frozenset({"inproceedings", "conference paper", "cpaper", "conf"})
_PREPRINT = re.compile(
    r"\b(?:arxiv|biorxiv|medrxiv|ssrn|preprints?|research square|osf|working papers?|psyarxiv"
    r"|socarxiv|authorea|techrxiv|chemrxiv|nber|iza|discussion papers?)\b",
    re.IGNORECASE,
)
_PREPRINT_DOI = re.compile(r"10\.(?:1101|48550|2139|21203|31219|31234|31235|20944|22541|26434)/")
_COCHRANE = re.compile(r"(10\.1002/14651858\.[a-z0-9]+)(?:\.pub(\d+))?$")

OPPOSITES = tuple(
    tuple(set(side.split()) for side in pair.split(" | "))
    for pair in (
        "men male males boys man boy | women female females girls woman girl",
        "vivo | vitro | silico",
        "children child paediatric pediatric adolescents adolescent youth infants"
        " | adults adult elderly older geriatric",
        "mothers mother maternal | fathers father paternal",
        "increase increases increased increasing | decrease decreases decreased decreasing",
        "high higher | low lower",
        "hyper hypertension hyperglycemia | hypo hypotension hypoglycemia",
        "before pre | after post",
        "acute | chronic",
        "early | late",
        "short | long",
        "short term | long term",
        "positive | negative",
        "left | right",
        "upper | lower",
        "anterior | posterior",
        "primary | secondary",
        "north northern | south southern",
        "east eastern | west western",
        "summer | winter",
        "spring | autumn fall",
        "rural | urban",
        "public | private",
        "qualitative | quantitative",
        "proximal | distal",
        "systolic | diastolic",
        "mice mouse murine | rats rat | rabbits rabbit | human humans patients",
        "first | second | third | fourth",
        "inhibition inhibits inhibitor | activation activates activator",
        "with | without",
        "teachers | students",
        "theory | practice",
        "wet | dry",
        "supply | demand",
    )
)


_OPPOSITE_WORDS = frozenset(word for sides in OPPOSITES for side in sides for word in side)


def find_veto(records: Prepared, pairs: Comparison, place: int) -> Veto | None:
    """Return why the pair at ``place`` must stay apart, or None."""
    pair = _Pair(records, pairs, place)
    return (
        _registered(pair)
        or _versions_of_review(pair)
        or _notice_or_reply(pair)
        or _preprint(pair)
        or _conference(pair)
        or _other_journal(pair)
        or _titles_apart(pair)
        or _same_title_years_apart(pair)
        or _stock_title(pair)
    )


class _Pair:
    """Two records and the comparison of their fields, read for one pair."""

    def __init__(self, records: Prepared, pairs: Comparison, place: int) -> None:
        self.records = records
        self.sides = (int(pairs.left[place]), int(pairs.right[place]))
        self.doi = int(pairs.doi[place])
        self.pmid = int(pairs.pmid[place])
        self.registration = int(pairs.registration[place])
        self.page = int(pairs.page[place])
        self.volume = int(pairs.volume[place])
        self.issue = int(pairs.issue[place])
        self.journal = int(pairs.journal[place])
        self.years_apart = int(pairs.years_apart[place])
        self.is_cut = bool(records.cut_short[list(self.sides)].any())
        self.content = int(records.content[list(self.sides)].min())
        self.titles = self.of(records.titles)
        self.words = self.of(records.words)

    @property
    def is_anchored(self) -> bool:
        """Say whether an identifier or the place in the journal shows that it is one report."""
        same_place = self.page == 1 and self.volume == 1 and self.doi != -1
        return (self.doi == 1 and self.page != -1) or self.pmid == 1 or same_place

    def of(self, column: Sequence[T]) -> tuple[T, T]:
        return column[self.sides[0]], column[self.sides[1]]


def _registered(pair: _Pair) -> Veto | None:
    """Veto a trial's entry in a register and a report of the trial: one study, two reports."""
    entries = [bool(pair.records.entries[side]) for side in pair.sides]
    dois, pages = pair.of(pair.records.dois), pair.of(pair.records.first_pages)
    is_report = [bool(doi or page) for doi, page in zip(dois, pages, strict=True)]
    if pair.registration == 1 and entries[0] != entries[1] and is_report[entries.index(False)]:
        return REGISTERED
    return None


def _notice_or_reply(pair: _Pair) -> Veto | None:
    for pattern, name in ((_NOTICE, "an erratum or retraction"), (_REPLY, "a reply or comment")):
        one, other = (bool(pattern.search(title)) for title in pair.titles)
        # `Errtum to` is an erratum mistyped: the titles have the same words then.
        if one != other and any(unmatched_words(*pair.words)):
            return Veto(f"only one is {name}", PairKind.SAME_STUDY)
    return None


def _versions_of_review(pair: _Pair) -> Veto | None:
    one, other = (_COCHRANE.match(doi) for doi in pair.of(pair.records.dois))
    if one and other and one[1] == other[1] and one[2] != other[2]:
        return Veto("two versions of one Cochrane review", PairKind.SAME_STUDY)
    return None


def _preprint(pair: _Pair) -> Veto | None:
    raw, dois = pair.records.raw, pair.of(pair.records.dois)
    where = zip(pair.of(raw["journal"]), pair.of(raw["type"]), dois, strict=True)
    one, other = (
        bool(_PREPRINT.search(journal[:400] + " " + kind[:100]) or _PREPRINT_DOI.match(doi))
        for journal, kind, doi in where
    )
    is_told = all(pair.of(pair.records.journals)) or all(dois)
    if one != other and is_told and pair.journal != 1 and pair.doi != 1:
        return Veto("only one is a preprint or working paper", PairKind.SAME_STUDY)
    return None


def _conference(pair: _Pair) -> Veto | None:
    journals, kinds = pair.of(pair.records.journals), pair.of(pair.records.raw["type"])
    one, other = (
        bool(_CONFERENCE.search(journal)) or kind.casefold() in _CONFERENCE_TYPES
        for journal, kind in zip(journals, kinds, strict=True)
    )
    serials = pair.of(pair.records.serials)
    is_one = 1 in (pair.doi, pair.page) or not serials[0].isdisjoint(serials[1])
    if one != other and all(journals) and not is_one:
        return Veto("only one is the conference version", PairKind.SAME_STUDY)
    return None


def _other_journal(pair: _Pair) -> Veto | None:
    """Veto one text in two journals; none of 8 such pairs in the labelled sets was a copy."""
    is_same = 1 in (pair.doi, pair.pmid, pair.page)
    if pair.journal == -1 and -1 in (pair.doi, pair.page, pair.volume) and not is_same:
        return Veto("printed in another journal, in another place", PairKind.SAME_STUDY)
    return None


def _titles_apart(pair: _Pair) -> Veto | None:
    if pair.titles[0] == pair.titles[1]:
        return None
    one, other = shared_part(pair.records, *pair.sides)
    return (
        _other_numbers(one, other)
        or _opposites(one, other)
        or (None if pair.is_anchored else _other_part(one, other))
        or (None if pair.is_anchored or pair.is_cut else _satellite(one, other))
    )


def _other_numbers(one: Sequence[str], other: Sequence[str]) -> Veto | None:
    only_one, only_other = _numbers_of_one(one, other)
    if only_one and only_other:
        return Veto(f"numbers in the titles differ: {only_one} – {only_other}", PairKind.DIFFERENT)
    return None


def _other_part(one: Sequence[str], other: Sequence[str]) -> Veto | None:
    titles = (" ".join(one), " ".join(other))
    parts = [{found[1] for found in _PART.finditer(title)} for title in titles]
    if parts[0] and parts[1] and parts[0] != parts[1]:
        return Veto("parts differ", PairKind.DIFFERENT)
    ends = [bool(_TRAILING_NUMBER.search(title)) for title in titles]
    has_other = any(_numbers_of_one(one, other))
    if has_other and (bool(parts[0]) != bool(parts[1]) or ends[0] != ends[1]):
        return Veto("only one is a numbered part", PairKind.DIFFERENT)
    return None


def _numbers_of_one(one: Sequence[str], other: Sequence[str]) -> tuple[str, str]:
    in_one, in_other = numbers(one), numbers(other)
    return "/".join(sorted(in_one - in_other)), "/".join(sorted(in_other - in_one))


def _opposites(one: Sequence[str], other: Sequence[str]) -> Veto | None:
    only_one, only_other = set(one) - set(other), set(other) - set(one)
    for sides in OPPOSITES:
        found_one = [index for index, side in enumerate(sides) if side & only_one]
        found_other = [index for index, side in enumerate(sides) if side & only_other]
        if found_one and found_other and not set(found_one) & set(found_other):
            a, b = sides[found_one[0]] & only_one, sides[found_other[0]] & only_other
            return Veto(f"opposite words: {min(a)} – {min(b)}", PairKind.DIFFERENT)
    return None


def _satellite(one: Sequence[str], other: Sequence[str]) -> Veto | None:
    for only in unmatched_words(one, other):
        found = _SATELLITE.search(" ".join(only))
        if found:
            return Veto(f"only one title says “{found[0]}”", PairKind.SAME_STUDY)
    return None


def _same_title_years_apart(pair: _Pair) -> Veto | None:
    differs = -1 in (pair.page, pair.volume, pair.doi) or pair.years_apart > 2
    if pair.years_apart >= 2 and differs and not pair.is_anchored:
        return Veto("two or more years apart", PairKind.DIFFERENT)
    return None


def is_hidden(pairs: Comparison, records: Prepared, place: int) -> bool:
    """Say whether a title cut short may hide the word that would distinguish the two."""
    pair = _Pair(records, pairs, place)
    if not pair.is_cut or pair.is_anchored:
        return False
    short, long = sorted(pair.words, key=len)
    hidden = [word for word in long[max(len(short) - 1, 0) :] if word not in STOP_WORDS]
    if any(pattern.search(" ".join(hidden)) for pattern in (_PART, _TRAILING_NUMBER, _SATELLITE)):
        return True
    is_article = bool(in_one_journal(records, pairs.take(np.array([place])))[0])
    telling = series_words() | records.protocol_words | _OPPOSITE_WORDS
    is_telling = any(word in telling or len(word) == 1 for word in hidden)
    return is_telling and not (is_article and pair.content >= LONG_BEGINNING)


def _stock_title(pair: _Pair) -> Veto | None:
    """Veto titles such as editorials, which recur in every issue, if anything else differs."""
    is_same = pair.doi == 1 or pair.pmid == 1
    differs = -1 in (pair.doi, pair.page, pair.volume, pair.issue)
    if pair.content <= 2 and differs and not is_same:
        return Veto("a short title, in another place", PairKind.DIFFERENT)
    if pair.content == 0 and pair.journal == -1 and not is_same:
        return Veto("a title that many works carry", PairKind.DIFFERENT)
    return None
