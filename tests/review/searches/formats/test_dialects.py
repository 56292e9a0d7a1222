"""Dialects of refer, CNKI and BibTeX, and text that was escaped more than once."""

import pytest

from review.searches.formats import count_blocks, detect, read
from tests.review.searches.formats.format_cases import read_text

CHINESE = """Title-题名: 第{}篇
Author-作者: 张三;李四;
Source-文献来源: 中国行政管理
Summary-摘要: 本文。
PubTime-发表时间: 201{}-05-01
"""


def records(folder, text):
    """Return the records of a text, whose independent count must agree."""
    blocks = read_text(folder, text)
    detected = detect(folder / "search.txt")
    assert count_blocks(
        folder / "search.txt", format=detected.format, encoding=detected.encoding
    ) == len(blocks)
    return [block.record for block in blocks]


@pytest.mark.parametrize("gap", ["", "\n", "\n\n"])
@pytest.mark.parametrize(
    "form",
    [
        "%0 Journal Article\n%A Roy, M.\n%T Title {}\n%D 200{}\n",
        "%T Title {}\n%A Roy, M.\n%A Tan, S.\n%D 200{}\n%0 Journal Article\n",
        "%T Title {}\n%A Roy, M.\n%0 Journal Article\n%D 200{}\n%J Notes\n",
        "%A Roy, M.\n%A Tan, S.\n%T Title {}\n%0 Journal Article\n%X First.\nSecond.\n%D 200{}\n",
        "%0 Book\n%0 Edited Book\n%T Title {}\n%X One.\n\nTwo.\n%D 200{}\n",
    ],
)
def test_the_type_in_refer_may_come_anywhere(tmp_path, form, gap):
    found = records(tmp_path, gap.join(form.format(n, n) for n in (1, 2, 3)))

    assert [(record.title, record.year) for record in found] == [
        ("Title 1", 2001), ("Title 2", 2002), ("Title 3", 2003),
    ]  # fmt: skip


@pytest.mark.parametrize("gap", ["", "\n"])
@pytest.mark.parametrize("position", ["first", "last"])
def test_the_source_database_of_cnki_comes_first_or_last(tmp_path, position, gap):
    database = "SrcDatabase-来源库: 期刊\n"
    forms = [CHINESE.format(n, n) for n in (1, 2, 3)]
    texts = [database + form if position == "first" else form + database for form in forms]

    found = records(tmp_path, gap.join(texts))

    assert [(record.title, record.year, record.type) for record in found] == [
        (f"第{n}篇", 2010 + n, "期刊") for n in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    "title",
    [
        'The "Big Society" and outcomes',
        '"Big Society" first',
        'What is "done"',
        'A "b", and "c", too',
        'He said "yes"; she said "no"',
        "No quotes",
    ],
)
def test_quotes_inside_quoted_values_are_text(tmp_path, title):
    text = (
        f'@article{{1,\n title = "{title}",\n abstract = "We ask: {title}.",\n year = "2012"\n}}\n'
        f'@article{{2, title="{title}", journal="J", year=2013}}\n'
    )

    first, second = records(tmp_path, text)

    assert (first.title, first.abstract, first.year) == (title, f"We ask: {title}.", 2012)
    assert (second.title, second.journal, second.year) == (title, "J", 2013)


@pytest.mark.parametrize(
    "opening", ["@article{smith2001\n  ", "@article{smith2001 ", "@article{smith:2001-a\n\n\t"]
)
def test_the_comma_after_the_key_may_be_missing(tmp_path, opening):
    (record,) = records(tmp_path, f"{opening}title = {{One}},\n  year = 2001\n}}\n")

    assert (record.title, record.year) == ("One", 2001)
    assert record.extra["key"][0].startswith("smith")


@pytest.mark.parametrize(
    ("key", "doi"),
    [
        ("10.2307/26380338", "10.2307/26380338"),
        ("10.1145/3386901.3388911", "10.1145/3386901.3388911"),
        ("doi:10.1000/XYZ", "10.1000/xyz"),
        ("https://doi.org/10.1000/xyz", "10.1000/xyz"),
        ("smith:10.1000", None),
        ("10.2307", None),
    ],
)
def test_a_key_that_is_a_doi_is_the_doi(tmp_path, key, doi):
    (bare,) = records(tmp_path, f"@article{{{key},\n title={{A}}\n}}\n")
    (named,) = records(tmp_path, f"@article{{{key}, title={{A}}, doi={{10.1000/own}}}}\n")

    assert (bare.doi, named.doi) == (doi, "10.1000/own")


def test_sets_and_data_for_other_entries_are_no_records(tmp_path):
    text = (
        "@set{s, entryset = {a,b}}\n@xdata{x, publisher = {P}}\n@control{c, options = {3.8}}\n"
        "@article{a, title={One}}\n"
    )

    assert [record.title for record in records(tmp_path, text)] == ["One"]


@pytest.mark.parametrize("kind", ["proceedings", "inproceedings", "book"])
def test_proceedings_without_a_title_have_that_of_the_book(tmp_path, kind):
    text = (
        f"@{kind}{{a, booktitle = {{Proceedings of X}}}}\n"
        f"@{kind}{{b, title = {{One}}, booktitle = {{Proceedings of X}}}}\n"
    )

    bare, titled = records(tmp_path, text)

    assert (bare.title, bare.journal) == ("Proceedings of X", None)
    assert (titled.title, titled.journal) == ("One", "Proceedings of X")


@pytest.mark.parametrize("times", [1, 2, 3, 4])
def test_text_escaped_several_times_is_unescaped_everywhere(tmp_path, times):
    def escaped(text: str) -> str:
        for _ in range(times):
            text = text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
        return text

    title, journal = 'Costs & "benefits", p < 0.05', "R&D Management"
    (ris,) = records(
        tmp_path,
        f"TY  - JOUR\nTI  - {escaped(title)}\nAB  - {escaped('<p>' + title + '</p>')}\n"
        f"JO  - {escaped(journal)}\nAU  - {escaped('M&uuml;ller, A.')}\n"
        f"KW  - {escaped('a & b')}; c\nER  - \n",
    )
    (table,) = records(
        tmp_path, f"title,journal,keywords\n{escaped('A & b')},{escaped(journal)},a\n"
    )

    assert (ris.title, ris.abstract, ris.journal) == (title, title, journal)
    assert (ris.authors, ris.keywords) == (("Müller, A.",), ("a & b", "c"))
    assert (table.title, table.journal) == ("A & b", journal)


def test_every_dialect_is_read_the_same_in_small_chunks(tmp_path, monkeypatch):
    text = "".join(f"%T Title {n}\n%A Roy, M.\n%0 Journal Article\n%D 2001\n" for n in range(40))
    path = tmp_path / "a.enw"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setattr("review.searches.formats.source.CHUNK", 50)

    found = list(read(path, format=detect(path).format, encoding="utf-8"))

    assert [block.record.title for block in found] == [f"Title {n}" for n in range(40)]
