"""The demonstration: as large and as varied as promised, and as sound as any other review."""

import random
import re
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select

from api.demonstration import LOGINS, SEED, SLUG, Unfinished, make_demonstration
from api.demonstration.copies import make_entries
from api.demonstration.literature import make_works
from api.demonstration.pdf import pdf_of
from api.settings import Settings
from heatmap.counting import build
from review.decisions.conflicts import open_conflicts
from review.duplicates.questions import questions
from review.events import Actor
from review.people.accounts import find_account
from review.prisma.counts import count_flow, identities
from review.reviews import find_review, protocol_state
from review.storage import migration
from review.storage.database import Database
from review.storage.files import FileStore
from review.studies.agreement import CodeState, coded_values
from review.studies.contracts import contracts_of
from review.tables import Code, Event, ModelRun, Record, RejectedBlock, Search, Study
from review.verify import verify
from review.vocabulary import Act, SearchKind, Stage
from screening.queue.next_records import next_records

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A data folder with the demonstration in it; SQLite only, for it takes a while."""
    made = Settings(data_dir=tmp_path_factory.mktemp("demonstration"), database_url="")
    migration.upgrade(made.url)
    return made


@pytest.fixture(scope="module")
def told(settings: Settings) -> list[tuple[str, float]]:
    """What the demonstration said of its progress while it was made."""
    database = Database(settings.url)
    told: list[tuple[str, float]] = []

    assert make_demonstration(database, settings, lambda what, share: told.append((what, share)))

    database.dispose()
    return told


@pytest.fixture
def demo(settings, told):
    """A session to read the demonstration with, and its review's id."""
    database = Database(settings.url)
    with database.reading() as session:
        yield session, find_review(session, SLUG).id
    database.dispose()


def person(session, who: str) -> Actor:
    return Actor.person(find_account(session, LOGINS[who]).id)


def test_the_counts_are_in_the_promised_ranges(demo):
    session, review_id = demo

    flow = count_flow(session, review_id=review_id)

    identified = flow.total("database_results", "register_results", "organisation_results")
    assert 1100 <= identified <= 1300
    assert 150 <= flow.total("duplicates", "other_duplicates") <= 280
    assert 650 <= flow.total("records_screened", "other_records_screened") <= 850
    assert 130 <= flow.total("dbr_sought_reports", "other_sought_reports") <= 190
    assert 90 <= flow.total("dbr_assessed", "other_assessed") <= 150
    assert 50 <= flow.counts["new_studies"] <= 75
    assert flow.counts["awaiting_study"] >= 3
    assert flow.total("dbr_notretrieved_reports", "other_notretrieved_reports") >= 3
    assert flow.total("awaiting_retrieval", "other_awaiting_retrieval") >= 5
    assert flow.counts["excluded_automatic"] + flow.counts["other_excluded_automatic"] == 1
    assert flow.counts["excluded_other"] + flow.counts["other_excluded_other"] == 2
    assert len(flow.reasons) == 2


def test_the_sums_come_out_and_nothing_is_at_fault(demo, settings):
    session, review_id = demo

    flow = count_flow(session, review_id=review_id)

    assert [one.sentence for one in identities(flow) if not one.adds_up] == []
    assert list(verify(session, files=FileStore(settings.files_dir))) == []


def test_both_reviewers_have_work_left_at_both_stages_and_not_the_same(demo):
    session, review_id = demo

    for stage, at_least in ((Stage.TITLE_ABSTRACT, 150), (Stage.FULL_TEXT, 5)):
        left = [
            {one.id for one in next_records(session, review_id=review_id, stage=stage,
                                            by=person(session, who), limit=1000)}
            for who in ("reviewer 1", "reviewer 2")
        ]  # fmt: skip

        assert all(len(one) >= at_least for one in left), stage
        assert left[0] != left[1]


def test_conflicts_and_doubtful_pairs_await_somebody(demo):
    session, review_id = demo
    lead = person(session, "lead")

    early, late = (
        open_conflicts(session, review_id=review_id, stages=[stage], by=lead) for stage in Stage
    )

    assert len(early) >= 15
    assert len(late) >= 2
    assert 14 <= len(questions(session, review_id=review_id)) <= 20


def test_the_searches_differ_in_kind_and_format_and_one_in_its_count(demo):
    session, _ = demo

    searches = session.scalars(select(Search)).all()
    by_search = dict(session.execute(select(Record.search_id, func.count()).group_by(
        Record.search_id)).all())  # fmt: skip
    n_rejected = session.scalar(select(func.count()).select_from(RejectedBlock))

    assert Counter(one.kind for one in searches) == {
        SearchKind.DATABASE: 4, SearchKind.REGISTER: 1, SearchKind.ORGANISATION: 1,
    }  # fmt: skip
    assert all(one.query and one.platform and one.run_on for one in searches)
    assert n_rejected == 3
    assert sorted(one.n_hits - by_search[one.id] for one in searches) == [0, 0, 0, 0, 3, 7]


def test_three_languages_occur_and_abstracts_read_like_abstracts(demo):
    session, _ = demo

    records = session.scalars(select(Record)).all()

    languages = Counter(one.language for one in records)
    lengths = [len(one.abstract.split()) for one in records if one.abstract]
    assert set(languages) >= {"eng", "spa", "fre"}
    assert min(languages.values()) >= 50
    assert min(lengths) >= 80
    assert max(lengths) <= 220
    assert any(one.abstract is None for one in records)
    assert any(re.match("BACKGROUND: ", one.abstract or "") for one in records)
    assert max(len(one.title) for one in records) >= 300
    assert not any("{" in one.title + (one.abstract or "") for one in records)


def test_the_maps_are_uneven_and_cover_many_countries(demo):
    session, review_id = demo

    by_type = build(session, review_id=review_id)
    by_theme = build(session, review_id=review_id, framework="outcome_area_by_evidence_theme")
    by_country = build(session, review_id=review_id, framework="country_by_contract_type")

    counts = by_type.cells["n_contracts"]
    assert 75 <= by_type.n_contracts <= 115
    assert (counts == 0).sum() >= 10
    assert counts.max() >= 8
    assert all(by_type.row_totals.get(row.key) for row in by_type.rows)
    assert (by_theme.cells["n_contracts"] > 0).sum() > len(by_theme.cells) / 2
    assert len(by_country.row_totals) >= 15
    assert by_type.awaiting_coding


def test_no_subject_of_coding_is_empty_and_some_coders_still_differ(demo):
    session, review_id = demo

    values = coded_values(session, review_id=review_id)

    coded = {one.subject for one in values}
    states = Counter(one.state for one in values)
    studies = {one.study_id for one in coded if one.study_id and not one.contract_id}
    for study in studies:
        for contract in contracts_of(session, review_id=review_id, study_id=study):
            assert any(one.contract_id == contract.id and not one.study_id for one in coded)
            assert any((one.study_id, one.contract_id) == (study, contract.id) for one in coded)
    assert 0 < session.scalar(select(func.count()).select_from(Study)) - len(studies) < 10
    assert states[CodeState.CONFLICT] >= 2
    assert states[CodeState.AGREED] >= 2
    assert states[CodeState.AWAITING_SECOND] >= 1


def test_quotes_stand_word_for_word_in_the_abstract_of_their_report(demo):
    session, _ = demo

    rows = session.execute(
        select(Code.quote, Record.abstract)
        .join(Record, Record.id == Code.report_id)
        .where(Code.quote.is_not(None))
    ).all()

    assert len(rows) > 300
    assert all(quote in abstract for quote, abstract in rows)


def test_the_story_has_an_amendment_a_reopening_an_undone_merge_and_three_rankings(demo):
    session, review_id = demo

    acts = Counter(session.scalars(select(Event.act).where(Event.review_id == review_id)))
    runs = Counter(session.scalars(select(ModelRun.stage)))

    assert protocol_state(session, review_id).number == 2
    assert acts[Act.REOPEN] == acts[Act.UNDO_DUPLICATES] == acts[Act.AMEND_PROTOCOL] == 1
    assert acts[Act.ADD_FULL_TEXT] == 40
    assert runs == {Stage.TITLE_ABSTRACT: 2, Stage.FULL_TEXT: 1}


def test_progress_goes_from_nothing_to_all_and_a_second_call_makes_nothing(settings, told):
    database = Database(settings.url)

    shares = [share for _, share in told]

    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert make_demonstration(database, settings) is False
    database.dispose()


def test_a_demonstration_that_was_broken_off_is_not_taken_for_a_whole_one(tmp_path: Path):
    settings = Settings(data_dir=tmp_path, database_url="")
    migration.upgrade(settings.url)
    database = Database(settings.url)

    def break_off(what: str, share: float) -> None:
        if share > 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_demonstration(database, settings, break_off)

    with pytest.raises(Unfinished, match="FRESH=1"):
        make_demonstration(database, settings)
    database.dispose()


def test_the_invented_literature_is_the_same_every_time_and_no_title_comes_twice():
    first, second = (random.Random(SEED) for _ in range(2))  # noqa: S311 - not for secrets

    works, again = make_works(first), make_works(second)

    assert works == again
    assert make_entries(works, first) == make_entries(again, second)
    titles = [work.title for work in works]
    assert len(set(titles)) == len(titles)


def test_a_pdf_has_its_pages_its_text_and_a_table_of_true_offsets():
    text = "Une évaluation (synthétique) \\ of what was paid for. " * 120

    content = pdf_of("A title – with a dash", "Quillham, Ada", [text, "The second part."])

    assert content.startswith(b"%PDF-1.4\n")
    assert content.endswith(b"%%EOF\n")
    table = int(re.search(rb"startxref\n(\d+)\n", content)[1])
    offsets = re.findall(rb"(\d{10}) 00000 n ", content[table:])
    for number, offset in enumerate(offsets, start=1):
        assert content[int(offset) :].startswith(b"%d 0 obj\n" % number)
    for length, stream in re.findall(
        rb"/Length (\d+) >>\nstream\n(.*?)\nendstream", content, re.DOTALL
    ):
        assert int(length) == len(stream)
    n_pages = len(re.findall(rb"/Type /Page ", content))
    assert n_pages == int(re.search(rb"/Count (\d+)", content)[1]) >= 3
    assert b"Une \xe9valuation \\(synth\xe9tique\\) \\\\ of" in content
    assert b"The second part." in content


def test_a_pdf_can_be_read_by_a_library_for_pdf():
    pdfium = pytest.importorskip("pypdfium2")

    document = pdfium.PdfDocument(pdf_of("A title", "Quillham, Ada", ["One.", "Zwei: größer."]))

    assert len(document) == 2
    assert "Zwei: größer." in document[1].get_textpage().get_text_range()
