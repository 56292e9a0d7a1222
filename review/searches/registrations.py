"""Find the registration numbers of trials and reviews in a text.

The registers are those of the WHO's International Clinical Trials Registry Platform
(https://www.who.int/tools/clinical-trials-registry-platform/network), with PROSPERO for reviews
and the registers of the American Economic Association and of 3ie for evaluations.
"""

import re
from collections.abc import Iterable, Iterator

# What every number of a register has in it; a pattern whose groups are its parts; and the form in
# which we write it.  All are matched in upper case, with plain hyphens.
_GAP = r"(?:[ :#._/-]| ?N[OR]\b\.?:? ?){0,3}"
_REGISTERS: tuple[tuple[str, str, str], ...] = (
    ("NCT", rf"NCT{_GAP}(\d{{8}})", "NCT{}"),
    ("ISRCTN", rf"ISRCTN{_GAP}(\d{{8}})", "ISRCTN{}"),
    ("ACTRN", rf"ACTRN{_GAP}(\d{{14}})", "ACTRN{}"),
    ("CHICTR", r"CHICTR[ :-]{0,2}([A-Z]{2,5}) ?- ?(\d{8,10})", "CHICTR-{}-{}"),
    ("CHICTR", r"CHICTR[ :-]{0,2}(\d{8,10})", "CHICTR{}"),
    ("ITMCTR", rf"ITMCTR{_GAP}(\d{{8,12}})", "ITMCTR{}"),
    ("CTRI", r"(?<![A-Z])CTRI ?/ ?(\d{4}) ?/ ?(\d{2,3}) ?/ ?(\d{5,6})", "CTRI/{}/{}/{}"),
    ("DRKS", rf"DRKS{_GAP}(\d{{8}})", "DRKS{}"),
    ("IRCT", rf"IRCT{_GAP}(\d{{8,17}}) ?N ?(\d{{1,3}})", "IRCT{}N{}"),
    ("UMIN", rf"UMIN(?:-?CTR)?{_GAP}(\d{{9}})", "UMIN{}"),
    ("JPRN-C", r"JPRN-C(\d{9})", "JPRN-C{}"),
    ("JAPICCTI", rf"JAPICCTI{_GAP}(\d{{6}})", "JAPICCTI-{}"),
    ("JMA-IIA", r"JMA-IIA(\d{5})", "JMA-IIA{}"),
    ("JRCT", rf"JRCT([A-Z]?){_GAP}(\d{{9,10}})", "JRCT{}{}"),
    ("KCT", rf"(?<![A-Z])KCT{_GAP}(\d{{7}})", "KCT{}"),
    ("NL-OMON", r"NL-OMON ?(\d{4,6})", "NL-OMON{}"),
    ("NTR", r"(?<![A-Z])NTR[ :-]{0,2}(\d{3,5})", "NTR{}"),
    ("NL", r"(?<![A-Z])NL(\d{4})", "NL{}"),
    ("PACTR", rf"PACTR{_GAP}(\d{{12,15}})", "PACTR{}"),
    ("RBR-", r"(?<![A-Z])RBR-(?=[A-Z]*\d)([A-Z0-9]{6,7})(?![A-Z])", "RBR-{}"),
    ("TCTR", rf"TCTR{_GAP}(\d{{11}})", "TCTR{}"),
    ("SLCTR", r"SLCTR ?/ ?(\d{4}) ?/ ?(\d{3})", "SLCTR/{}/{}"),
    ("PER-", r"(?<![A-Z])PER-(\d{3})-(\d{2})", "PER-{}-{}"),
    ("RPCEC", rf"RPCEC{_GAP}(\d{{8}})", "RPCEC{}"),
    ("LBCTR", rf"LBCTR{_GAP}(\d{{10}})", "LBCTR{}"),
    ("CRD", r"(?<![A-Z])CRD[ :#-]{0,2}(42\d{9,10})", "CRD{}"),
    ("AEARCTR", rf"AEARCTR{_GAP}(\d{{7}})", "AEARCTR-{}"),
    ("RIDIE", r"RIDIE-STUDY-ID-([0-9A-F]{13})", "RIDIE-STUDY-ID-{}"),
    # The numbers of the European Union's two registers have no letters of their own.  The country
    # after one in EudraCT is left out: it is one trial in several countries.
    ("-", r"(?<![\d-])(20[012]\d)-(5\d{5})-(\d{2})-(\d{2})(?![\d-])", "CTIS{}-{}-{}-{}"),
    ("-", r"(?<![\d-])(20[012]\d)-(\d{6})-(\d{2})(?!-?\d)", "EUCTR{}-{}-{}"),
)
_COMPILED = tuple(
    (hint, re.compile(f"{pattern}(?!\\d)"), form) for hint, pattern, form in _REGISTERS
)
_HYPHENS = dict.fromkeys(map(ord, "\u00ad\u2010\u2011\u2012\u2013\u2014\u2212"), "-")
_AROUND = " \t\n,;.:()[]"
_MAY_BE_NUMBER = re.compile(r"\d")
# What may be before and after the number in a text that is nothing but a number.
_ALONE = re.compile(
    r"(?:JPRN-|EUCTR|CTIS|EUDRACT|EU CT|(?:NO|NUMBER)\b|[ .:#-]){0,6}\0"
    r"(?:-[A-Z]{2,3}|-OUTSIDE-EU/EEA)?"
)


def registration_numbers(text: str) -> tuple[str, ...]:
    """Return the registration numbers in a text in order, each once, in upper case.

    A number comes out in one form however it is written: "NCT 01234567" as NCT01234567,
    "EudraCT 2010-012345-12" and "EUCTR2010-012345-12-DE" as EUCTR2010-012345-12.
    """
    found = sorted((begin, number) for begin, _, number in _matches(_upper(text)))
    return tuple(dict.fromkeys(number for _, number in found))


def registration_number(text: str) -> str | None:
    """Return the registration number that a text is, with nothing else around it, or None."""
    plain = _upper(text).strip(_AROUND)
    if len(plain) > 60:
        return None
    for begin, end, number in _matches(plain):
        if _ALONE.fullmatch(f"{plain[:begin]}\0{plain[end:]}"):
            return number
    return None


def without_registrations(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the names that are not registration numbers, and the numbers as they were written.

    The Cochrane Library puts the number of a trial where an article has its authors.
    """
    people = list(names)
    if not _MAY_BE_NUMBER.search("\n".join(people)):
        return people, []
    numbers = [name for name in people if registration_number(name)]
    return [name for name in people if name not in numbers], [
        number.strip(_AROUND) for number in numbers
    ]


def _upper(text: str) -> str:
    return (text if text.isascii() else text.translate(_HYPHENS)).upper()


def _matches(text: str) -> Iterator[tuple[int, int, str]]:
    for hint, pattern, form in _COMPILED:
        if hint in text:
            for match in pattern.finditer(text):
                yield match.start(), match.end(), form.format(*match.groups())
