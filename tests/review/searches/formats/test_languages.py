"""The language of a record: as its source names it, else as its text shows, else unknown."""

import pytest
from sqlalchemy import select

from review.searches.formats import language_of
from review.searches.imports import DETECTED, import_file
from review.searches.searches import SearchOnDemand
from review.storage.files import FileStore
from review.tables import Record
from review.vocabulary import SearchKind
from tests.factories import make_review


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Los bonos de impacto social y el empleo de los jóvenes en América Latina", "es"),
        ("社会影响力债券的国际经验与启示：以英国彼得伯勒监狱项目为例", "zh"),
        ("L’évaluation des contrats à impact social en France, dix ans après", "fr"),
        ("What the evaluation of the outcomes contract for homeless people came to", "en"),
        ("Bond", None),
        ("12345 67890 12345 67890", None),
        ("", None),
    ],
)
def test_a_language_is_recognised_if_it_is_certain(text, language):
    assert language_of(text, None) == language


def test_the_sources_language_stays_and_a_recognised_one_is_marked(database, tmp_path):
    path = tmp_path / "s.ris"
    title = "TI  - Los bonos de impacto social y el empleo de los jóvenes"
    path.write_text(
        f"TY  - JOUR\n{title}\nER  - \nTY  - JOUR\n{title}\nLA  - eng\nER  - \n"
        "TY  - JOUR\nTI  - Bonds\nER  - \n"
    )
    with database.writing() as session:
        cast = make_review(session)
    search = SearchOnDemand(
        cast.review_id, cast.lead, {"source": "Scopus", "kind": SearchKind.DATABASE}
    )
    import_file(
        database, FileStore(tmp_path / "files"), path,
        review_id=cast.review_id, search_for=search, by=cast.lead,
    )  # fmt: skip

    with database.reading() as session:
        rows = session.execute(select(Record.language, Record.extra).order_by(Record.number)).all()
    assert [tuple(row) for row in rows] == [
        ("es", {DETECTED: ["language"]}), ("eng", {}), (None, {}),
    ]  # fmt: skip
