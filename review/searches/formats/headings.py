"""The headings that programs give each field, the clearest first.

They are those of Scopus, Web of Science, PubMed, Dimensions, Lens, OpenAlex, ProQuest, IEEE,
Embase, Zotero, Covidence, Rayyan, ASReview, ClinicalTrials.gov and the WHO's ICTRP, in lower case
and without punctuation.
"""

HEADINGS: dict[str, str] = {
    "title": (
        "title, article title, document title, primary title, titles, ti, publication title "
        "en, item title, study title, reference title, record title, título, titre, titel, "
        "titulo, public title, brief title, trial title, title of the trial, "
        "scientific title, official title"
    ),
    "abstract": (
        "abstract, abstract note, ab, notes abstract, summary, abstracttext, abstracts, "
        "resumen, résumé, zusammenfassung, resumo, brief summary, plain "
        "english summary, description"
    ),
    "authors": (
        "authors, author, author names, au, author full names, authors full name, author s, "
        "first authors, authorships author display name, authorships raw author name, "
        "creators, creator, author full name, autores, auteurs, autoren, inventor names, "
        "contributors, author list, authorships author name"
    ),
    "year": (
        "year, publication year, pub year, py, pubyear, year published, published year, date "
        "published, publication date, pub date, date, published, issue date, año, année, "
        "jahr, yr, year of publication, published date, online publication date, pubdate, ano, "
        "date registration3, date registration, date of registration, registration date, first "
        "posted, study first posted, date assigned, date applied, start date"
    ),
    "journal": (
        "journal, source title, publication title, journal book, journal name, so, source "
        "titles, secondary title, container title, periodical, published in, publication, jt, "
        "journal title, primary location source display name, pubtitle, source, venue, host "
        "venue display name, revista, alternate title2, zeitschrift, source title "
        "anthology title, anthology title"
    ),
    "journal_abbreviation": (
        "abbreviated source title, journal abbreviation, journal iso abbreviation, "
        "abbreviated journal title, source abbreviation, iso abbreviation, j9, ji"
    ),
    "volume": ("volume, vl, vol, biblio volume, volumen"),
    "issue": ("issue, number, issue number, is, biblio issue, journal issue, numero"),
    "first_page": (
        "page start, start page, bp, beginning page, first page, biblio first page, pages, "
        "pagination, page, page range, sp, startpage, pg, artn, ar, art no, article number, "
        "páginas"
    ),
    "last_page": ("page end, end page, ep, ending page, last page, biblio last page, endpage"),
    "doi": ("doi, di, digital object identifier, doi link, digitalobjectidentifier, doi url, dois"),
    "pmid": ("pmid, pubmed id, pubmedid, pm, pubmed, ids pmid, pubmed identifier"),
    "numbers": (
        "issn, isbn, issns, isbns, sn, bn, eissn, print issn, electronic issn, ei, issn isbn"
    ),
    "url": (
        "url, link, urls, document url, pdf link, source url, landing page url, external url, "
        "primary location landing page url, documenturl, full text link, item url, web link, "
        "open url link, web address, study url, dimensions url, source linkout, lens url, source "
        "urls"
    ),
    "type": (
        "document type, item type, publication type, type, dt, reference type, type of "
        "reference, type of work, documenttype, record type, work type, study type"
    ),
    "language": ("language, la, language of original document, languages, lang, idioma"),
    "accession": (
        "accession number, ut unique wos id, ut, eid, an, lens id, key, id, rayyan id, record "
        "id, study id, covidence, ref, unique id, publication id, embase accession id, "
        "storeid, accession no, trialid, trial id, nct number, nct id, nctid, isrctn, actrn, "
        "main id, eu ct number, trial registration number, registration number"
    ),
    "keywords": (
        "keywords, author keywords, index keywords, keyword, de, manual tags, tags, mesh "
        "terms, ieee terms, subject terms, keywords plus, subjects, descriptors, palabras "
        "clave, mesh, automatic tags"
    ),
    "translated_title": (
        "translated title, original title, title translation, foreign title, vernacular "
        "title, english title"
    ),
}
