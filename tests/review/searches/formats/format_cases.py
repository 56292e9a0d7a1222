"""Small files in every format, for the tests."""

from pathlib import Path

from review.searches.formats import Block, Format, detect, read

RIS = """TY  - JOUR
AU  - Fraser, A.
AU  - Tan, S.
TI  - Evidence on payment by results
AB  - A review of outcomes-based contracts.
T2  - BMC Health Services Research
PY  - 2018
VL  - 18
IS  - 1
SP  - 100
EP  - 112
DO  - https://doi.org/10.1186/S12913-018-3456-7
SN  - 1472-6963
KW  - payment by results
KW  - commissioning
ER  -

TY  - RPRT
AU  - Carter, Eleanor
TI  - Building the tools for public services
PY  - 2018//
ER  -
"""

NBIB = """PMID- 29334345
OWN - NLM
TI  - Social impact bonds: a wolf in sheep's
      clothing?
AB  - We examine the case for and against.
FAU - Roy, Michael J
AU  - Roy MJ
FAU - McHugh, Neil
AU  - McHugh N
LA  - eng
PT  - Journal Article
JT  - Critical social policy
DP  - 2018 May
VI  - 38
IP  - 2
PG  - 316-333
AID - 10.1177/0261018317706219 [doi]
IS  - 0261-0183 (Print)
MH  - Humans

PMID- 30000001
OWN - NLM
TI  - Another record.
DP  - 2019
"""

PUBMED_XML = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle//EN" "https://example.org/x.dtd">
<PubmedArticleSet>
<PubmedArticle><MedlineCitation><PMID Version="1">111</PMID><Article>
<Journal><ISSN>1234-5678</ISSN><JournalIssue><Volume>4</Volume><Issue>2</Issue>
<PubDate><Year>2011</Year></PubDate></JournalIssue><Title>Journal of Trials</Title></Journal>
<ArticleTitle>Effects of <i>cash</i> on H<sub>2</sub>O.</ArticleTitle>
<Pagination><MedlinePgn>1-9</MedlinePgn></Pagination>
<Abstract><AbstractText Label="AIM">To learn.</AbstractText>
<AbstractText Label="RESULTS">We did, p &lt; 0.05.</AbstractText></Abstract>
<AuthorList><Author><LastName>Silva</LastName><ForeName>Ana B</ForeName></Author>
<Author><CollectiveName>The Trial Group</CollectiveName></Author></AuthorList>
<Language>eng</Language></Article></MedlineCitation>
<PubmedData><ArticleIdList><ArticleId IdType="doi">10.1000/Xyz.1</ArticleId></ArticleIdList>
<ReferenceList><Reference><ArticleIdList><ArticleId IdType="doi">10.9999/other</ArticleId>
</ArticleIdList></Reference></ReferenceList></PubmedData></PubmedArticle>
<PubmedBookArticle><BookDocument><PMID>222</PMID><Book><BookTitle>A Guide</BookTitle>
<PubDate><Year>2009</Year></PubDate><Isbn>9781860163593</Isbn></Book></BookDocument>
</PubmedBookArticle>
</PubmedArticleSet>
"""

ENDNOTE_XML = """<?xml version="1.0" encoding="UTF-8"?>
<xml><records><record><source-app name="EndNote">EndNote</source-app>
<ref-type name="Journal Article">17</ref-type>
<contributors><authors><author><style face="normal">Roy, M.</style></author></authors>
</contributors>
<titles><title><style face="normal">Wolf </style><style face="italic">or</style> sheep</title>
<secondary-title>Critical Social Policy</secondary-title></titles>
<pages>316-333</pages><volume>38</volume><number>2</number><dates><year>2018</year></dates>
<electronic-resource-num>10.1177/0261018317706219</electronic-resource-num>
<abstract>Bonds &amp; policy.</abstract><keywords><keyword>SIB</keyword></keywords></record>
<record><ref-type name="Book">6</ref-type><titles><title>A second one</title></titles></record>
</records></xml>
"""

BIBTEX = r"""@string{jpp = "Journal of Public Policy"}
@comment{nothing to see}
@article{silva 2019,
  author = {Silva, Jos{\'e} and {World Health Organization} and Ann M. van Dam},
  title = "Pagos por {Resultados}: una revisi\'on",
  journal = jpp,
  year = 2019,
  pages = {1--9},
  doi = {10.1000/ABC.9}
}
@Book{silva 2019, TITLE={Second entry with the same key}, Year={2020}}
"""

CSV = """Search of 3 May 2024,,
,,
Title,Authors,Year,DOI,Abstract
"A first, with comma","Roy, M.; Tan, S.",2018,10.1000/1,"Two
lines"
Second one,Liu R.,2019,,
,,,,
,Nobody N.,2001,,
"""

REFER = """%0 Journal Article
%A Roy, M.
%T Wolf in sheep's clothing
%J Critical Social Policy
%D 2018
%R 10.1000/1

%0 Book
%A Carter, E.
%T Tools
"""

WOS = """FN Clarivate Analytics Web of Science
VR 1.0
PT J
AU Roy, M
   Tan, S
AF Roy, Michael
   Tan, Stephanie
TI Wolf in
   sheep's clothing
SO CRITICAL SOCIAL POLICY
PY 2018
BP 316
EP 333
DI 10.1000/1
UT WOS:0001
ER

PT J
AU Silva, A
TI Second
ER

EF
"""

OVID = """<1. >
VN  - Ovid Technologies
DB  - PsycINFO
TI  - Procrastination. [References].
AU  - Sudler, Eric L
SO  - Journal of Things. Vol.43(5), Sep 2015, pp. 623-634.
YR  - 2015
DO  - 10.1000/1

<2. >
VN  - Ovid Technologies
TI  - Second
"""

REFWORKS = """RT Journal Article
A1 Allan,Steven
T1 Anger and rank
JF Personality
YR 2002
SP 551
OP 565

RT Book
T1 Second
"""

CSL_JSON = """[{"type": "book", "title": "Models {and} \\"braces\\"", "DOI": "10.1000/1",
"author": [{"family": "Bachar", "given": "Mostafa"}, {"literal": "World Bank"}],
"issued": {"date-parts": [["2013", 1]]}}, {"title": "Second"}]
"""

CNKI = """{Reference Type}: Journal Article
{Title}: 社会影响力债券的国际经验
{Author}: 张三;李四
{Journal}: 中国行政管理
{Year}: 2019
{Volume}:
{Issue}: 05
{Pages}: 10-15
{Keywords}: 社会影响力债券;按效果付费
{Abstract}: 本文分析了社会影响力债券。
第二段。
{ISBN/ISSN}: 1006-0863
{DOI}: 10.1000/1
{Database Provider}: CNKI

{Reference Type}: Journal Article
{Title}: 第二篇
"""

CNKI_OWN = """SrcDatabase-来源库: 期刊
Title-题名: 社会影响力债券的国际经验
Author-作者: 张三;李四;
Organ-单位: 北京大学
Source-文献来源: 中国行政管理
Keyword-关键词: 社会影响力债券;按效果付费;
Summary-摘要: 本文分析了社会影响力债券。
PubTime-发表时间: 2019-05-01
Period-期: 05
PageCount-页码: 10-15

SrcDatabase-来源库: 期刊
Title-题名: 第二篇
"""

ZOTERO_RDF = """<rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:z="http://www.zotero.org/namespaces/export#"
 xmlns:dcterms="http://purl.org/dc/terms/"
 xmlns:bib="http://purl.org/net/biblio#"
 xmlns:foaf="http://xmlns.com/foaf/0.1/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:prism="http://prismstandard.org/namespaces/1.2/basic/"
 xmlns:link="http://purl.org/rss/1.0/modules/link/"
 xmlns:vcard="http://nwalsh.com/rdf/vCard#">
    <bib:Article rdf:about="https://example.org/a?b=1&amp;c=2">
        <z:itemType>journalArticle</z:itemType>
        <dcterms:isPartOf rdf:resource="urn:issn:1234-5679,%208765-4326"/>
        <bib:authors>
            <rdf:Seq>
                <rdf:li>
                    <foaf:Person>
                        <foaf:surname>Fraser</foaf:surname>
                        <foaf:givenName>Alec</foaf:givenName>
                    </foaf:Person>
                </rdf:li>
                <rdf:li>
                    <foaf:Person>
                       <foaf:surname>World Bank</foaf:surname>
                    </foaf:Person>
                </rdf:li>
            </rdf:Seq>
        </bib:authors>
        <link:link rdf:resource="#item_7"/>
        <dc:subject>outcomes</dc:subject>
        <dc:subject>
           <z:AutomaticTag><rdf:value>payment by results</rdf:value></z:AutomaticTag>
        </dc:subject>
        <dc:title>Homes &amp;lt;i&amp;gt;and&amp;lt;/i&amp;gt; outcomes</dc:title>
        <dcterms:abstract>We paid
              for homes.</dcterms:abstract>
        <dc:date>07/2020</dc:date>
        <z:language>en</z:language>
        <z:shortTitle>Homes</z:shortTitle>
        <dc:identifier>
            <dcterms:URI>
                <rdf:value>https://example.org/a?b=1&amp;c=2</rdf:value>
            </dcterms:URI>
        </dc:identifier>
        <dc:description>PMID: 1234567</dc:description>
        <bib:pages>448-452</bib:pages>
    </bib:Article>
    <bib:Journal rdf:about="urn:issn:1234-5679,%208765-4326">
        <prism:volume>44</prism:volume>
        <dc:title>Journal of Homes</dc:title>
        <dc:identifier>DOI 10.1000/1</dc:identifier>
        <prism:number>5</prism:number>
        <dcterms:alternative>J. Homes</dcterms:alternative>
        <dc:identifier>ISSN 1234-5679, 8765-4326</dc:identifier>
    </bib:Journal>
    <z:Attachment rdf:about="#item_7">
        <z:itemType>attachment</z:itemType>
        <dc:title>Full text</dc:title>
        <z:linkMode>1</z:linkMode>
    </z:Attachment>
    <bib:Report rdf:about="#item_9">
        <z:itemType>report</z:itemType>
        <dcterms:isPartOf>
           <bib:Series><dc:title>Working papers</dc:title></bib:Series>
        </dcterms:isPartOf>
        <dc:publisher>
            <foaf:Organization>
                <vcard:adr>
                    <vcard:Address>
                       <vcard:locality>Leeds</vcard:locality>
                    </vcard:Address>
                </vcard:adr>
                <foaf:name>A ministry</foaf:name>
            </foaf:Organization>
        </dc:publisher>
        <dc:title>Second</dc:title>
        <dc:date>2 March 2015</dc:date>
    </bib:Report>
    <bib:Memo rdf:about="#item_11">
       <rdf:value>&lt;p&gt;A note.&lt;/p&gt;</rdf:value>
    </bib:Memo>
    <z:Collection rdf:about="#collection_1">
        <dc:title>Homes</dc:title>
        <dcterms:hasPart rdf:resource="#item_9"/>
    </z:Collection>
</rdf:RDF>
"""

ICTRP_XML = """<?xml version='1.0' encoding='UTF-8' ?>
<Trials_downloaded_from_ICTRP>
<Trial><Export_date>5/6/2021 10:00:00 AM</Export_date>
<Internal_Number>7654321
</Internal_Number><TrialID>ISRCTN11112222
</TrialID><Public_title>Coaches for job seekers
</Public_title><Scientific_title>A trial of coaches for people out of work &amp; training
</Scientific_title><Acronym>COACH
</Acronym><Primary_sponsor>A council
</Primary_sponsor><Date_registration>03/02/2019
</Date_registration><Date_registration3>20190203
</Date_registration3><Source_Register>ISRCTN
</Source_Register><web_address>https://isrctn.example/ISRCTN11112222
</web_address><Study_type>Interventional
</Study_type><Condition>Unemployment&lt;br&gt;Debt
</Condition><Intervention>Coaching
</Intervention><Primary_outcome>In work after a year
</Primary_outcome></Trial>
<Trial>
<TrialID>NL8012</TrialID>
<Public_title>Second</Public_title>
</Trial>
</Trials_downloaded_from_ICTRP>
"""

COCHRANE = """Record #1 of 2
ID: CN-00777777
AU: Roy M
AU: Tan S
AU: Outcomes Trial Group
TI: Paying providers for homes: a randomised
trial
SO: Journal of homes
YR: 2016
VL: 9
NO: 2
PG: 11-19
PM: PUBMED 27777777
XR: EMBASE 610000000
PT: Journal article
KY: Adult; *Housing
DOI: 10.1000/homes.2016.9
AB: BACKGROUND: Little is known. RESULTS: More were housed
OR: 2.1 (95% CI 1.2 to 3.4).
US: https://www.cochranelibrary.example/central/doi/10.1002/central/CN-00777777/full

Record #2 of 2
ID: CN-00777778
AU: ISRCTN11112222,
TI: Coaches for job seekers
SO: https://isrctn.example/ISRCTN11112222
YR: 2019
PT: Trial registry record
US: https://www.cochranelibrary.example/central/doi/10.1002/central/CN-00777778/full
"""

ECONLIT = """AN: 0912345
TI: Paying for jobs: evidence from coaching
AU: Roy, Michael; Tan, Sue
SO: Journal of Public Money, 31(2), 2013, pp. 101-19
PY: 2013
DT: Journal Article
IS: 1234-5679
DE: Unemployment; Contracts
LA: English
AB: Coaches were paid
for each job.

A second paragraph.

AN: 0912346
TI: Second
PY: 2014
"""

PUBMED_SUMMARY = """1: Roy M, van Dam AM, Tan S Jr; Outcomes Trial Group. Paying providers for
homes: does it work? Public Money Manag. 2016 Jan-Feb;9(2):11-19. doi:
10.1000/homes.2016.9. Epub 2015 Dec 3. PMID: 27777777; PMCID: PMC5555555.

2: Second. Homes. 2019 Mar 4. doi: 10.1000/2. Online ahead of print. PMID: 27777778.
"""

PUBMED_ABSTRACT = """1. Public Money Manag. 2016 Jan-Feb;9(2):11-19. doi: 10.1000/homes.2016.9. Epub
2015 Dec 3.

Paying providers for homes: a trial with
families.

[Article in Spanish]

Roy M(1), van Dam AM(1)(2), Tan S(2).

Author information:
(1)A university, Leeds.
(2)A council, York. roy@leeds.example

Comment in
    Homes. 2017;1(1):1-2. doi: 10.1000/comment.

BACKGROUND: Little is known.
RESULTS: More were housed.

1. This paragraph begins with a number.

Copyright © 2016 The Authors.

DOI: 10.1000/homes.2016.9
PMCID: PMC5555555
PMID: 27777777 [Indexed for MEDLINE]

Conflict of interest statement: None.


2. Homes. 2019 Mar 4. doi: 10.1000/2. Online ahead of print.

Second.

DOI: 10.1000/2
PMID: 27777778
"""

TRIALS_JSON = """{"totalCount": 2, "studies": [
{"protocolSection": {"identificationModule": {"nctId": "NCT00001111",
"orgStudyIdInfo": {"id": "R-7"}, "secondaryIdInfos": [{"id": "ISRCTN11112222"}],
"briefTitle": "Rent help", "officialTitle": "A trial of help with the rent", "acronym": "RH"},
"statusModule": {"overallStatus": "COMPLETED", "startDateStruct": {"date": "2017-11"},
"studyFirstPostDateStruct": {"date": "2018-01-05", "type": "ACTUAL"}},
"sponsorCollaboratorsModule": {"leadSponsor": {"name": "A council", "class": "OTHER"}},
"descriptionModule": {"briefSummary": "We pay the rent.\\n\\nFor a year."},
"conditionsModule": {"conditions": ["Debt"], "keywords": ["rent", "homes"]},
"designModule": {"studyType": "INTERVENTIONAL"},
"armsInterventionsModule": {"interventions": [{"type": "BEHAVIORAL", "name": "Rent"}]},
"outcomesModule": {"primaryOutcomes": [{"measure": "Evictions", "timeFrame": "A year"}]}},
"derivedSection": {"miscInfoModule": {"versionHolder": "2024-01-01"}}, "hasResults": false},
{"protocolSection": {"identificationModule": {"nctId": "NCT00002222", "briefTitle": "Second"},
"conditionsModule": {"conditions": ["Debt", "Illness"]}}, "hasResults": false}
], "nextPageToken": "abc"}
"""

OPENALEX = """{"id": "https://openalex.org/W1111111111", "doi": "https://doi.org/10.1000/homes.1", \
"title": "Paying for <i>homes</i>", "display_name": "Paying for homes", "publication_year": 2016, \
"language": "en", "type": "article", "cited_by_count": 3, \
"ids": {"openalex": "https://openalex.org/W1111111111", \
"pmid": "https://pubmed.ncbi.nlm.nih.gov/27777777"}, \
"primary_location": {"landing_page_url": "https://doi.org/10.1000/homes.1", \
"source": {"display_name": "Journal of Homes", "issn_l": "1234-5679", "issn": ["1234-5679"]}}, \
"authorships": [{"author": {"id": "https://openalex.org/A1", "display_name": "Michael Roy"}}, \
{"author": {"display_name": null}, "raw_author_name": "Tan, Sue"}], \
"biblio": {"volume": "9", "issue": "2", "first_page": "11", "last_page": "19"}, \
"keywords": [{"display_name": "Housing"}], \
"referenced_works": ["https://openalex.org/W3333333333"], \
"abstract_inverted_index": {"We": [0, 3], "paid.": [1], "Then": [2], "waited.": [4]}}
{"id": "https://openalex.org/W2222222222", "title": "Second", "primary_location": null, \
"authorships": [], "abstract_inverted_index": null}
"""

LENS = """{"lens_id": "000-111-222-333-444", "title": "Paying for homes", \
"abstract": "We paid.", "publication_type": "journal article", "year_published": 2016, \
"date_published": "2016-02-03T00:00:00.000000+00:00", "volume": "9", "issue": "2", \
"start_page": "11", "end_page": "19", "languages": ["en"], \
"authors": [{"first_name": "Michael", "initials": "M", "last_name": "Roy"}, \
{"collective_name": "Outcomes Trial Group"}], \
"source": {"title": "Journal of Homes", "issn": [{"type": "print", "value": "12345679"}]}, \
"external_ids": [{"type": "doi", "value": "10.1000/homes.1"}, {"type": "pmid", "value": "277"}], \
"source_urls": [{"type": "html", "url": "https://homes.example/1"}], "keywords": ["Housing"], \
"references": [{"lens_id": "000-999-888-777-666"}], "references_count": 1}
{"lens_id": "000-111-222-333-555", "title": "Second"}
"""

EBSCO_XML = """<?xml version="1.0" encoding="UTF-8"?>
<records><rec resultID="1"><header shortDbName="eoh" longDbName="EconLit" uiTerm="0912345">
<controlInfo><bkinfo/><jinfo><jtl>Journal of Homes</jtl><issn type="print">12345679</issn></jinfo>
<pubinfo><dt year="2016" month="02" day="01">February 2016</dt><vid>9</vid><iid>2</iid>
<pub>A Press</pub><place>Leeds</place></pubinfo>
<artinfo><ui type="doi">10.1000/homes.1</ui><ui>0912345</ui><ppf>11</ppf><ppct>9</ppct><formats/>
<tig><atl>Paying for homes &amp; jobs</atl></tig>
<aug><au>Roy, Michael</au><au>Tan, Sue</au><affil>A university</affil></aug>
<sug><subj type="thes">Housing</subj><subj type="geo">Leeds</subj></sug>
<ab>We paid.</ab><pubtype>Academic Journal</pubtype><doctype>Article</doctype></artinfo>
<language code="eng">English</language></controlInfo>
<displayInfo><pLink><url>https://ebsco.example/1</url></pLink></displayInfo></header></rec>
<rec resultID="2"><header shortDbName="eoh" uiTerm="0912346"><controlInfo><artinfo>
<tig><atl>Second</atl></tig></artinfo></controlInfo></header></rec>
</records>
"""

PROQUEST = """____________________________________________________________

Report Information from ProQuest
3 May 2024 10:00
____________________________________________________________

Document 1 of 2

Paying for homes

Author: Roy, Michael 1; Tan, Sue 1, 2

1 A university, Leeds; 2 A council

Publication info: Journal of Homes ; Leeds Vol. 9, Iss. 2, (2016): 11-19.

ProQuest document link

Abstract (English): We paid.

Then we waited: for a year.

Subject: Housing; Contracts

Title: Paying for homes

Publication title: Journal of Homes; Leeds

Volume: 9

Issue: 2

Pages: 11-19

Publication year: 2016

Publisher: A Press

Place of publication: Leeds

ISSN: 12345679

Language of publication: English

Document type: Journal Article

DOI: https://doi.org/10.1000/homes.1

ProQuest document ID: 1777777777

Document URL: https://proquest.example/docview/1777777777

Database: ProQuest Central

____________________________________________________________

Document 2 of 2

Title: Second

Publication title: Homes

ProQuest document ID: 1777777778

____________________________________________________________

Contact us at: https://proquest.example/contact
Copyright © 2024 ProQuest LLC. All rights reserved.
"""

EBSCO_TEXT = """Record: 1

Title:
    Paying for homes
Authors:
    Roy, Michael;
    Tan, Sue
Source:
    Journal of Homes. Feb2016, Vol. 9 Issue 2, p11-19. 9p.
Document Type:
    Article
Subject Terms:
    Housing
    Contracts
Abstract:
    We paid.
DOI:
    10.1000/homes.1
Accession Number:
    112345678
Database:
    EconLit

Record: 2

Title:
    Second
Accession Number:
    112345679
"""

SAMPLES: dict[Format, str] = {
    Format.RIS: RIS,
    Format.NBIB: NBIB,
    Format.PUBMED_XML: PUBMED_XML,
    Format.ENDNOTE_XML: ENDNOTE_XML,
    Format.BIBTEX: BIBTEX,
    Format.CSV: CSV,
    Format.TSV: "title\tauthors\tdoi\nOne\tRoy, M.\t10.1000/1\nTwo\tSilva, A.\t\n",
    Format.REFER: REFER,
    Format.WOS: WOS,
    Format.OVID: OVID,
    Format.REFWORKS: REFWORKS,
    Format.CSL_JSON: CSL_JSON,
    Format.CNKI: CNKI,
    Format.ZOTERO_RDF: ZOTERO_RDF,
    Format.ICTRP_XML: ICTRP_XML,
    Format.LABELLED: COCHRANE,
    Format.PUBMED_TEXT: PUBMED_SUMMARY,
    Format.TRIALS_JSON: TRIALS_JSON,
    Format.OPENALEX: OPENALEX,
    Format.LENS: LENS,
    Format.EBSCO_XML: EBSCO_XML,
    Format.PROQUEST: PROQUEST,
}

# Further forms of a format, which have two records each.
DIALECTS: list[tuple[Format, str]] = [
    (Format.LABELLED, ECONLIT),
    (Format.PUBMED_TEXT, PUBMED_ABSTRACT),
    (Format.PROQUEST, EBSCO_TEXT),
    (Format.TRIALS_JSON, TRIALS_JSON.replace('{"totalCount": 2, "studies": [', "[").replace(
        '], "nextPageToken": "abc"}', "]"
    )),
    (Format.OPENALEX, "[" + ",".join(OPENALEX.splitlines()) + "]"),
    (Format.LENS, '{"total": 2, "data": [' + ",".join(LENS.splitlines()) + '], "results": 2}'),
]  # fmt: skip


def read_bytes(folder: Path, data: bytes, *, format: Format | None = None) -> list[Block]:  # noqa: A002
    """Return the blocks of ``data``, written to a file and read in the detected encoding."""
    path = folder / "search.txt"
    path.write_bytes(data)
    detected = detect(path)
    return list(read(path, format=format or detected.format, encoding=detected.encoding))


def read_text(folder: Path, text: str, *, format: Format | None = None) -> list[Block]:  # noqa: A002
    """Return the blocks of ``text``, written to a file in UTF-8."""
    return read_bytes(folder, text.encode(), format=format)
