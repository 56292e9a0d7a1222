"""What suggestions for a form need of a review, and how right they were on what was coded."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from protocols.schema import CHOICES, CodebookItem, ItemType
from review.events import OPERATOR, canonical
from review.reviews import protocol_of
from review.states.clusters import Scope
from review.studies.agreement import CodeState, coded_values
from review.studies.batches import CodingForm
from review.studies.coding import Subject, subject_of
from review.studies.contracts import contract_of_review, linked_contracts
from review.studies.current_codes import current_codes
from review.studies.text_suggestions.suggesting import EarlierQuote, TextSuggester
from review.studies.text_suggestions.text import Sentence
from review.tables import Code

SHORTEST_QUOTE = 20  # characters; shorter quotes are like too many sentences


@dataclass(frozen=True)
class QuoteOfStudy:
    """A quote for a value that counts, and what the value is about."""

    subject: Subject
    quote: EarlierQuote


def suggester_for(
    session: Session,
    form: CodingForm,
    items: Iterable[str],
    *,
    quotes: Sequence[QuoteOfStudy] | None = None,
) -> TextSuggester:
    """Return what suggests values of these items to the coder of a form.

    Quotes about the study itself and its contracts suggest nothing.  ``quotes`` are those of
    `quotes_that_count`, which is read if they are not given.
    """
    wanted = set(items)
    if quotes is None:
        quotes = quotes_that_count(session, form.review_id)
    own = set(linked_contracts(session, form.review_id).get(form.study_id, ()))
    contract = ""
    if form.contract_id is not None:
        about = {"review_id": form.review_id, "contract_id": form.contract_id}
        contract = contract_of_review(session, **about).label
    return TextSuggester(
        [item for item in form.items(session) if item.key in wanted],
        contract,
        [
            one.quote
            for one in quotes
            if one.subject.study_id != form.study_id and one.subject.contract_id not in own
        ],
    )


def quotes_that_count(session: Session, review_id: UUID) -> list[QuoteOfStudy]:
    """Return the quotes for the values that count, of the items that have values to choose."""
    kinds = CHOICES | {ItemType.YES_NO}
    items = [item.key for item in protocol_of(session, review_id).codebook if item.type in kinds]
    counted = {
        (value.subject, value.item): canonical(value.value)
        for value in coded_values(session, review_id=review_id, items=items)
        if value.state in (CodeState.AGREED, CodeState.CODED)
    }
    codes = current_codes(Scope(review_id), where=Code.item.in_(items))
    quoted = select(codes).where(codes.c.quote.is_not(None)).order_by(codes.c.event_number)
    found = []
    for row in session.execute(quoted):
        if _is_special(row.value):
            continue
        subject = Subject(row.study_id, row.contract_id)
        is_counted = counted.get((subject, row.item)) == canonical(row.value)
        if is_counted and len(row.quote) >= SHORTEST_QUOTE:
            found.append(QuoteOfStudy(subject, EarlierQuote(row.item, row.value, row.quote)))
    return found


@dataclass
class ItemAccuracy:
    """How often an item's value was suggested, and rightly, where coders know the value."""

    item: CodebookItem
    n_coded: int = 0  # values that count and are no special value
    n_suggested: int = 0  # of these, with any suggestion
    n_right: int = 0  # of these, with the value itself among the suggestions

    @property
    def precision(self) -> float | None:
        """The share of suggestions that were right; None where nothing was suggested."""
        return self.n_right / self.n_suggested if self.n_suggested else None

    @property
    def recall(self) -> float | None:
        """The share of values that were suggested; None where nothing was coded."""
        return self.n_right / self.n_coded if self.n_coded else None


def accuracy(
    session: Session, *, review_id: UUID, texts: Mapping[UUID, Collection[Sentence]]
) -> list[ItemAccuracy]:
    """Compare what texts suggest with the values that count, by item.

    ``texts`` has the sentences of each study.  Quotes of the study itself suggest nothing.
    """
    codebook = protocol_of(session, review_id).codebook
    found = {item.key: ItemAccuracy(item) for item in codebook if item.prefill is None}
    values = {
        (value.subject, value.item): value.value
        for value in coded_values(session, review_id=review_id)
        if value.state in (CodeState.AGREED, CodeState.CODED)
    }
    links, quotes = linked_contracts(session, review_id), quotes_that_count(session, review_id)
    for study, sentences in texts.items():
        for contract in (None, *links.get(study, ())):
            form = CodingForm(review_id, study, contract, OPERATOR)
            suggested = suggester_for(session, form, found, quotes=quotes).suggest(list(sentences))
            for item in form.items(session):
                value = values.get((subject_of(item, study, contract), item.key))
                if item.key not in found or value is None or _is_special(value):
                    continue
                count, given = found[item.key], suggested.get(item.key, [])
                count.n_coded += 1
                count.n_suggested += bool(given)
                count.n_right += any(_is_same(one.value, value) for one in given)
    return [count for count in found.values() if count.n_coded]


def _is_special(value: object) -> bool:
    return isinstance(value, Mapping) and "special" in value


def _is_same(suggested: object, value: object) -> bool:
    """Say whether a suggestion comes to a value: for several choices, whether one is right."""
    if isinstance(suggested, list) and isinstance(value, list):
        return bool(set(suggested) & set(value))
    if isinstance(suggested, Mapping) and isinstance(value, Mapping):
        return all(suggested.get(part) == value.get(part) for part in ("amount", "currency"))
    if isinstance(suggested, str) and isinstance(value, str):
        return value == suggested or value.startswith(f"{suggested}-")  # a year, of a day in it
    return suggested == value
