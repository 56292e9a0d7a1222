"""Registration numbers of trials and reviews, in texts and where authors should be."""

import pytest

from review.searches.registrations import registration_number, registration_numbers
from tests.review.searches.formats.format_cases import read_text

WRITTEN = {
    "NCT01234567": ["NCT01234567", "nct 01234567", "NCT-01234567", "NCT No. 01234567"],
    "ISRCTN12345678": ["ISRCTN12345678", "ISRCTN: 12345678", "ISRCTN\u201012345678"],
    "EUCTR2010-012345-12": [
        "EUCTR2010-012345-12", "EUCTR2010-012345-12-DE", "EudraCT number: 2010-012345-12",
        "EudraCT 2010\u2013012345\u201312", "2010-012345-12",
    ],
    "CTIS2022-501234-12-00": ["CTIS2022-501234-12-00", "EU CT number 2022-501234-12-00"],
    "ACTRN12612345678901": ["ACTRN12612345678901", "ACTRN 12612345678901"],
    "CHICTR-TRC-08000123": ["ChiCTR-TRC-08000123"],
    "CHICTR2000029308": ["ChiCTR2000029308", "ChiCTR-2000029308"],
    "DRKS00012345": ["DRKS00012345", "DRKS-00012345"],
    "CTRI/2010/091/000012": ["CTRI/2010/091/000012"],
    "UMIN000012345": ["JPRN-UMIN000012345", "UMIN000012345", "UMIN-CTR 000012345"],
    "JRCTS031180103": ["jRCTs031180103", "JPRN-jRCTs031180103"],
    "JRCT2031200001": ["jRCT2031200001"],
    "IRCT20120215009014N12": ["IRCT20120215009014N12"],
    "NTR1234": ["NTR1234", "NTR 1234"],
    "NL8012": ["NL8012"],
    "PACTR201234567890123": ["PACTR201234567890123"],
    "RBR-2BB5S9": ["RBR-2bb5s9"],
    "TCTR20190101001": ["TCTR20190101001"],
    "KCT0001234": ["KCT0001234"],
    "SLCTR/2010/012": ["SLCTR/2010/012"],
    "PER-012-12": ["PER-012-12"],
    "RPCEC00000123": ["RPCEC00000123"],
    "LBCTR2020012345": ["LBCTR2020012345"],
    "CRD42012002001": ["CRD42012002001", "CRD 42012002001"],
    "AEARCTR-0001234": ["AEARCTR-0001234"],
    "RIDIE-STUDY-ID-5A2B3C4D5E6F7": ["RIDIE-STUDY-ID-5a2b3c4d5e6f7"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("written", "number"),
    [(written, number) for number, forms in WRITTEN.items() for written in forms],
)
def test_a_registration_number_has_one_form_however_it_is_written(written, number):
    assert registration_numbers(written) == (number,)
    assert registration_numbers(f"Registered in advance ({written}). We") == (number,)


def test_numbers_come_in_the_order_of_the_text_and_once():
    text = "See ISRCTN12345678 and NCT01234567; ISRCTN 12345678 began first."

    assert registration_numbers(text) == ("ISRCTN12345678", "NCT01234567")


@pytest.mark.parametrize(
    "text",
    [
        "HCoV-NL63 in 2012", "call 0113-496-0000", "the NCT of 2012", "an RBR-related change",
        "NCT0123456", "NCT012345678", "a review of ISRCTN", "pages 2010-012345", "the DRKS00012",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_number_is_none(text):
    assert registration_numbers(text) == ()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("NCT09999999,", "NCT09999999"),
        ("EUCTR2010-012345-12-GB,", "EUCTR2010-012345-12"),
        ("JPRN-UMIN000012345", "UMIN000012345"),
        ("Hale, B", None),
        ("The NCT09999999 group", None),
    ],
)
def test_a_text_is_a_number_if_nothing_else_is_in_it(text, number):
    assert registration_number(text) == number


def test_a_trial_number_among_the_authors_is_no_author(tmp_path):
    text = (
        "TY  - JOUR\nAU  - NCT09999999,\nTI  - Cash transfers\nER  - \n"
        "TY  - JOUR\nAN  - CN-01\nAU  - Hale, B\nAU  - ISRCTN99999999,\nTI  - Homes\nER  - \n"
    )

    entry, article = (block.record for block in read_text(tmp_path, text))

    assert (entry.authors, entry.accession) == ((), "NCT09999999")
    assert (article.authors, article.accession) == (("Hale, B",), "CN-01")
    assert article.extra["registration number"] == ["ISRCTN99999999"]
