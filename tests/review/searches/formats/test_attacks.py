"""Hostile files: each is refused in words or accounted for, in bounded memory and time."""

import io
import json
import random
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from review.searches.formats import Format
from tests.review.searches.formats.format_cases import SAMPLES

HERE = Path(__file__).parent
GROWTH = 300  # MB that reading the worst of the files may take
XML = (Format.PUBMED_XML, Format.ENDNOTE_XML, Format.ZOTERO_RDF)


def attack(folder: Path, files: Mapping[str, bytes], kind: Format) -> dict[str, Any]:
    """What became of each file, read as ``kind`` and then as what it seems to be."""
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    done = subprocess.run(
        [sys.executable, str(HERE / "attacks.py"), str(folder), kind.value],
        capture_output=True, text=True, check=False, cwd=HERE.parents[3],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    assert found.keys() == files.keys()
    assert max(one["grown_mb"] for one in found.values()) <= GROWTH
    return found


# Encodings, BI2 of the reliability plan

TITLES = {
    "plain": "An outcomes contract in Leeds",
    "spanish": "Evaluación de los años de atención según la niñez",
    "german": "Über die Größe öffentlicher Verträge",
    "russian": "Оплата по результатам в здравоохранении",
    "chinese": "社会影响力债券的国际经验与启示",
    "arabic": "العقود القائمة على النتائج في التعليم",
    "bidi": "Bonds \u202egnidnuf\u202c and \u2067homes\u2069",
    "emoji": "Paying for 🏠 outcomes 👩\u200d🔬",
    "combining": "E\u0301valuation des contrats a\u0300 impact",
    "turkish": "İstanbul'da sonuç odaklı sözleşmeler",
}
HURTS = {
    "utf8": lambda text: text.encode(),
    "bom": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "utf16": lambda text: text.encode("utf-16"),
    "utf16be": lambda text: text.encode("utf-16-be"),
    "crs": lambda text: text.replace("\n", "\r").encode(),
    "nul": lambda text: text.replace("JOUR", "JOUR\x00").encode(),
    "torn": lambda text: text.encode() + b"\nAB  - \xed\xa0\x80\xff\n",  # a lone surrogate
}


def test_titles_in_every_encoding_come_out_right_or_with_a_word(tmp_path):
    files = {
        f"{name}-{hurt}": change(f"TY  - JOUR\nTI  - {title}\nPY  - 2020\nER  - \n" * 3)
        for name, title in TITLES.items()
        for hurt, change in HURTS.items()
    }
    assert len(files) >= 60

    found = attack(tmp_path / "files", files, Format.RIS)

    for name, one in found.items():
        last = one["outcomes"][-1]
        assert last["n"] == 3 + name.endswith("torn"), (name, one)
        if last["titles"] != [TITLES[name.split("-")[0]]] * 3:
            assert last["told"] or "Not Unicode" in one["note"], (name, one)


# XML, the third


@pytest.fixture
def canary() -> Iterator[tuple[int, list[int]]]:
    """A server that nobody is to ask, with how often it was."""
    hits: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                hits.append(1)
                connection.close()

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield server.getsockname()[1], hits


def hostile_xml(text: str, port: int) -> dict[str, bytes]:
    """A sample of XML with something hostile before it, or inside its first title."""
    start = text.index("<", text.index("?>") + 2) if text.startswith("<?xml") else 0
    prolog, root = text[:start], text[start:]
    laughs = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    before = {
        "laughs": f'<!DOCTYPE x [<!ENTITY e0 "ha">{laughs}]>',
        "quadratic": f'<!DOCTYPE x [<!ENTITY a "{"a" * 50_000}">]>',
        "file": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        "http": f'<!DOCTYPE x [<!ENTITY a SYSTEM "http://127.0.0.1:{port}/a">]>',
        "parameter": f'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:{port}/p"> %p;]>',
        "dtd": f'<!DOCTYPE x SYSTEM "http://127.0.0.1:{port}/x.dtd">',
        "stylesheet": f'<?xml-stylesheet href="http://127.0.0.1:{port}/s.xsl"?>',
    }
    place = root.index("itle>") + len("itle>")
    inside = {
        "xinclude": f'<xi:include href="http://127.0.0.1:{port}/i" parse="text"/>',
        "deep": "<b>" * 100_000,
        "flood": "<b/>" * 300_000,
        "wide": "<b " + " ".join(f'a{n}="{n}"' for n in range(50_000)) + "/>",
        "long": "word " * 1_500_000,
        "references": "&#x41;" * 300_000,
        "cdata": "<![CDATA[" + "x" * 1_000_000,
        "comment": "<!--" + "- " * 500_000,
    }
    made = {name: prolog + one + root for name, one in before.items()}
    made |= {name: prolog + root[:place] + one + root[place:] for name, one in inside.items()}
    return {name: one.encode() for name, one in made.items()}


@pytest.mark.parametrize("kind", XML)
def test_hostile_xml_fetches_nothing_and_costs_little(tmp_path, kind, canary):
    port, hits = canary
    files = hostile_xml(SAMPLES[kind], port)

    found = attack(tmp_path / "files", files, kind)

    assert hits == []
    for name in ("laughs", "quadratic", "file", "http", "parameter"):
        assert all("entities" in one["refused"] for one in found[name]["outcomes"]), found[name]
    # Where the file is read, the record that was not touched is there.
    for name, one in found.items():
        for way in one["outcomes"]:
            assert "refused" in way or way["n"] >= 1, (name, one)


# Workbooks, the fourth


def workbook(rows: int = 3, columns: int = 4) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(["Title", "Authors", "Year", "DOI", *(f"c{n}" for n in range(columns - 4))])
    for number in range(rows):
        sheet.append([f"Bond {number}", "Roy, M.", 2000, None])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def rezipped(data: bytes, change: Any, *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A workbook whose parts have been through ``change(name, bytes)``; None leaves one out."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(target, "w", method) as to:
        for name in source.namelist():
            if (part := change(name, source.read(name))) is not None:
                to.writestr(name, part)
    return target.getvalue()


def with_part(data: bytes, name: str, part: bytes, n: int = 1) -> bytes:
    target = io.BytesIO(data)
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as to:
        for number in range(n):
            to.writestr(name.format(number), part)
    return target.getvalue()


def hostile_workbooks() -> dict[str, bytes]:
    good = workbook()
    with zipfile.ZipFile(io.BytesIO(good)) as book:
        parts = book.namelist()
    chance = random.Random(4)  # noqa: S311 - damage, not a secret
    made = {}
    for n, one in enumerate(parts):
        made[f"without-{n}"] = rezipped(
            good, lambda name, part, left=one: None if name == left else part
        )
        made[f"noise-{n}"] = rezipped(
            good, lambda name, part, hurt=one: chance.randbytes(500) if name == hurt else part
        )
        made[f"doctype-{n}"] = rezipped(
            good,
            lambda name, part, hurt=one: (
                b'<!DOCTYPE x [<!ENTITY a "ha">]>' + part if name == hurt else part
            ),
        )
    made |= {f"torn-{n}": good[: len(good) * n // 9] for n in range(1, 9)}
    for n in (5, 30, 90):
        made[f"bomb-{n}"] = with_part(good, "xl/worksheets/b.xml", b" " * n * 10**6)
    made["crowd"] = with_part(good, "xl/media/{}.png", b"x", n=3_000)
    made["wide"] = workbook(columns=16_000)
    made["climbing"] = with_part(good, "../../../etc/cron.d/x", b"x")
    made["rooted"] = with_part(good, "/etc/cron.d/x", b"x")
    made["nested"] = with_part(good, "xl/embeddings/a.zip", good)
    lying = bytearray(good)
    place = lying.index(b"PK\x01\x02")
    lying[place + 24 : place + 28] = (2**31).to_bytes(4, "little")  # its unpacked size
    made["lying"] = bytes(lying)
    locked = bytearray(good)
    locked[place + 8] |= 1
    made["locked"] = bytes(locked)
    overlapping = bytearray(good)
    second = overlapping.index(b"PK\x01\x02", place + 4)
    overlapping[second + 42 : second + 46] = overlapping[place + 42 : place + 46]
    made["overlapping"] = bytes(overlapping)
    made["tail"] = good + b"\x00" * 100_000
    made["head"] = b"\x00" * 1_000 + good
    return made


def test_hostile_workbooks_are_refused_or_read(tmp_path):
    files = hostile_workbooks()
    assert len(files) >= 40

    found = attack(tmp_path / "files", files, Format.XLSX)

    for name in ("crowd", "lying", "locked", "overlapping", "bomb-30", "bomb-90", "torn-5"):
        assert all("refused" in one for one in found[name]["outcomes"]), found[name]
    assert found["wide"]["outcomes"][0]["n"] == 3


# Texts that make bad patterns slow, the fifth


def pathological() -> dict[str, tuple[Format, bytes]]:
    entry = "@article{k, title = {x}, year = 2000}\n"
    made = {
        Format.BIBTEX: {
            "braces": "@article{a, title = " + "{" * 200_000,
            "closed": "@article{a, title = " + "{" * 100_000 + "}" * 100_000 + "}",
            "unclosed": "@article{a, title = {x\n" * 40_000,
            "equal": entry * 20_000,
            "comments": "@comment{" * 20_000 + "\n" + entry,
            "quoted": '@article{a, title = "' + "\\" * 200_000,
            "fields": "@article{a" + ", f = {x" * 60_000,
            "names": "@article{a, title={x}, author={" + "a and " * 100_000 + "}}",
            "joined": "@article{a, title={x}, year=" + "1 # " * 100_000 + "}",
            "latex": "@article{a, title={" + "\\'{e}" * 100_000 + "}}",
        },
        Format.RIS: {
            "tags": "TY  - JOUR\nTI  - x\n" + "AU  - a\n" * 100_000 + "ER  - \n",
            "blanks": "TY  - JOUR\nTI  - x" + " " * 2_000_000 + "\nER  - \n",
            "starts": "TY  -" * 300_000,
            "dois": "TY  - JOUR\nTI  - x\nDO  - " + "10.1000/" * 200_000 + "\nER  - \n",
            "markup": "TY  - JOUR\nTI  - " + "<i>" * 300_000 + "\nER  - \n",
            "signs": "TY  - JOUR\nTI  - " + "&amp;" * 300_000 + "\nER  - \n",
            "notice": "TY  - JOUR\nTI  - x\nAB  - " + "(c) 20" * 200_000 + "\nER  - \n",
        },
        Format.CSV: {
            "quotes": 'title,year\n"' + '""' * 500_000,
            "commas": "title,year\n" + "," * 2_000_000,
            "rows": "title,year\n" + "\n" * 2_000_000,
        },
        Format.CSL_JSON: {
            "nested": '[{"title": ' + "[" * 200_000,
            "open": '[{"title": "' + "{" * 1_000_000,
        },
        Format.NBIB: {"wrapped": "PMID- 1\nTI  - x\n" + "      y\n" * 300_000},
        Format.OVID: {"names": "<1. >\nTI  - x\nAU  - " + "Smith, A. " * 50_000 + "\n"},
    }  # fmt: skip
    return {
        f"{kind.value}-{name}": (kind, text.encode())
        for kind, texts in made.items()
        for name, text in texts.items()
    }


@pytest.mark.parametrize("kind", [Format.BIBTEX, Format.RIS, Format.CSV, Format.CSL_JSON,
                                  Format.NBIB, Format.OVID])  # fmt: skip
def test_no_text_takes_more_than_its_share_of_time(tmp_path, kind):
    files = {name: data for name, (one, data) in pathological().items() if one is kind}

    found = attack(tmp_path / "files", files, kind)

    if kind is Format.BIBTEX:
        assert found["bibtex-equal"]["outcomes"][0]["n"] == 20_000
        assert found["bibtex-unclosed"]["outcomes"][0]["n"] == 40_000


def test_there_are_as_many_texts_as_were_promised():
    assert len(pathological()) >= 20
