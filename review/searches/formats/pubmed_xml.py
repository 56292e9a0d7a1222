"""PubMed XML: `<PubmedArticle>` and `<PubmedBookArticle>`, structured abstracts in one field."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from review.searches.formats.building import build_record, element_blocks
from review.searches.formats.elements import first_text, text_of, texts_of
from review.searches.formats.records import Block, ParsedAbstract, ParsedRecord
from review.searches.formats.source import TextSource


def read(source: TextSource) -> Iterator[Block]:
    """Yield the blocks of a PubMed XML file: its articles and book articles."""
    return element_blocks(source, "PubmedArticle", "PubmedBookArticle", to_record=to_record)


def to_record(element: Element) -> ParsedRecord:
    """Return the record in a PubMed article, from a journal or a book."""
    article = element.find("MedlineCitation/Article")
    if article is None:
        return _book_record(element)
    issue = "Journal/JournalIssue/"
    return build_record(
        title=first_text(article, "ArticleTitle", "VernacularTitle"),
        abstract=_abstract(article.find("Abstract")),
        authors=_authors(article.findall("AuthorList/Author")),
        years=[
            *texts_of(article, f"{issue}PubDate/Year"),
            *texts_of(article, f"{issue}PubDate/MedlineDate"),
            *texts_of(article, "ArticleDate/Year"),
        ],
        journal=first_text(article, "Journal/Title", "Journal/ISOAbbreviation")
        or first_text(element, "MedlineCitation/MedlineJournalInfo/MedlineTA"),
        journal_abbreviation=first_text(article, "Journal/ISOAbbreviation"),
        volume=first_text(article, f"{issue}Volume"),
        issue=first_text(article, f"{issue}Issue"),
        first_page=first_text(article, "Pagination/MedlinePgn", "Pagination/StartPage"),
        last_page=None
        if first_text(article, "Pagination/MedlinePgn")
        else first_text(article, "Pagination/EndPage"),
        doi=_doi(element),
        pmid=first_text(element, "MedlineCitation/PMID") or _article_id(element, "pubmed"),
        numbers=texts_of(article, "Journal/ISSN"),
        type="; ".join(texts_of(article, "PublicationTypeList/PublicationType")),
        language=first_text(article, "Language"),
        accession=_article_id(element, "pmc"),
        keywords=_keywords(element),
        translated_title=first_text(article, "VernacularTitle"),
        other_abstracts=[
            ParsedAbstract(further.get("Language"), _abstract(further) or "")
            for further in element.findall("MedlineCitation/OtherAbstract")
        ],
        extra=_extra(element, article),
    )


def _book_record(element: Element) -> ParsedRecord:
    book = element.find("BookDocument")
    if book is None:
        return build_record(pmid=first_text(element, "MedlineCitation/PMID"))
    chapter_authors = book.findall("AuthorList/Author")
    return build_record(
        title=first_text(book, "ArticleTitle", "VernacularTitle", "Book/BookTitle"),
        abstract=_abstract(book.find("Abstract")),
        authors=_authors(chapter_authors or book.findall("Book/AuthorList/Author")),
        years=[
            *texts_of(book, "Book/PubDate/Year"),
            *texts_of(book, "Book/BeginningDate/Year"),
            *texts_of(book, "ContributionDate/Year"),
        ],
        journal=first_text(book, "Book/BookTitle"),
        volume=first_text(book, "Book/Volume"),
        first_page=first_text(book, "Pagination/MedlinePgn", "Pagination/StartPage"),
        doi=_doi(element),
        pmid=first_text(book, "PMID") or _article_id(element, "pubmed"),
        numbers=texts_of(book, "Book/Isbn"),
        type="; ".join(texts_of(book, "PublicationType")) or "Book",
        language=first_text(book, "Language"),
        accession=first_text(book, "ArticleIdList/ArticleId[@IdType='bookaccession']"),
        keywords=_keywords(book),
        extra={"Publisher": texts_of(book, "Book/Publisher/PublisherName")},
    )


def _abstract(abstract: Element | None) -> str | None:
    if abstract is None:
        return None
    parts = []
    for part in abstract.findall("AbstractText"):
        label, text = part.get("Label", "").strip(), text_of(part)
        if text:
            parts.append(f"{label}: {text}" if label and label.upper() != "UNLABELLED" else text)
    return " ".join(parts) or text_of(abstract)


def _authors(authors: list[Element]) -> list[str]:
    names = []
    for author in authors:
        family = first_text(author, "LastName")
        given = first_text(author, "ForeName", "FirstName", "Initials")
        suffix = first_text(author, "Suffix")
        given = f"{given} {suffix}" if given and suffix else given
        if family:
            names.append(f"{family}, {given}" if given else family)
        elif collective := first_text(author, "CollectiveName"):
            names.append(collective)
    return names


def _doi(element: Element) -> str | None:
    """Return the article's own DOI; the works it cites have theirs in other elements."""
    for location in element.iter("ELocationID"):
        if location.get("EIdType") == "doi" and location.get("ValidYN", "Y") == "Y":
            return text_of(location)
    return _article_id(element, "doi")


def _article_id(element: Element, kind: str) -> str | None:
    return first_text(
        element,
        f"PubmedData/ArticleIdList/ArticleId[@IdType='{kind}']",
        f"PubmedBookData/ArticleIdList/ArticleId[@IdType='{kind}']",
        f"BookDocument/ArticleIdList/ArticleId[@IdType='{kind}']",
    )


def _keywords(element: Element) -> list[str]:
    keywords = texts_of(element, ".//KeywordList/Keyword")
    for heading in element.iter("MeshHeading"):
        descriptor = first_text(heading, "DescriptorName")
        qualifiers = texts_of(heading, "QualifierName")
        if descriptor:
            keywords.extend([f"{descriptor}/{word}" for word in qualifiers] or [descriptor])
    return keywords


def _extra(element: Element, article: Element) -> dict[str, list[str]]:
    return {
        "Affiliation": texts_of(article, "AuthorList/Author/AffiliationInfo/Affiliation"),
        "GrantID": texts_of(article, "GrantList/Grant/GrantID"),
        "CopyrightInformation": texts_of(article, "Abstract/CopyrightInformation"),
        "RefPMID": texts_of(
            element, "MedlineCitation/CommentsCorrectionsList/CommentsCorrections/PMID"
        ),
        "PublicationStatus": texts_of(element, "PubmedData/PublicationStatus"),
    }
