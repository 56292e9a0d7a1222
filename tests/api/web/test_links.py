"""Links from a record to places elsewhere."""

from api.web.links import links
from review.tables import Record


def test_a_record_is_looked_up_by_its_doi_its_address_and_its_title():
    record = Record(doi="10.1/a<b>", url="https://example.org/a", title="A bond & more")

    assert links(record) == [
        ("DOI", "https://doi.org/10.1/a%3Cb%3E"),
        ("Publisher", "https://example.org/a"),
        ("Google Scholar", "https://scholar.google.com/scholar?q=10.1/a%3Cb%3E"),
        ("OpenAlex", "https://openalex.org/works?filter=doi:10.1/a%3Cb%3E"),
    ]


def test_only_web_addresses_become_links():
    record = Record(doi=None, url="javascript:alert(1)", title="A bond & more")

    assert links(record) == [
        ("Google Scholar", "https://scholar.google.com/scholar?q=A%20bond%20%26%20more")
    ]
    assert links(Record(doi=None, url=None, title=None)) == []
