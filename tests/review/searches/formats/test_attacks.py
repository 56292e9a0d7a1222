"""Hostile files: each is refused in words or accounted for, in limited memory and time."""

import io
import json
import random
import re
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

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
GROWTH = 300  # MB that reading the worst of the files may take
XML = (
    Format.PUBMED_XML,
    Format.ENDNOTE_XML,
    Format.ZOTERO_RDF,
    Format.ICTRP_XML,
    Format.EBSCO_XML,
)


def attack(folder: Path, files: Mapping[str, bytes], kind: Format) -> dict[str, Any]:
    """Return the outcomes of each file, read as ``kind`` and as the format detected."""
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    done = subprocess.run(
        [sys.executable, str(HERE / "attacks.py"), str(folder), kind.value],
        capture_output=True, text=True, check=False, cwd=HERE.parents[3],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    results: dict[str, Any] = json.loads(done.stdout)
    assert results.keys() == files.keys()
    assert max(result["grown_mb"] for result in results.values()) <= GROWTH
    return results


# Encodings

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
DAMAGES = {
    "utf8": lambda text: text.encode(),
    "bom": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "utf16": lambda text: text.encode("utf-16"),
    "utf16be": lambda text: text.encode("utf-16-be"),
    "crs": lambda text: text.replace("\n", "\r").encode(),
    "nul": lambda text: text.replace("JOUR", "JOUR\x00").encode(),
    "torn": lambda text: text.encode() + b"\nAB  - \xed\xa0\x80\xff\n",  # a lone surrogate
}


def test_titles_in_every_encoding_come_out_right_or_with_a_warning(tmp_path):
    files = {
        f"{name}-{damage}": change(f"TY  - JOUR\nTI  - {title}\nPY  - 2020\nER  - \n" * 3)
        for name, title in TITLES.items()
        for damage, change in DAMAGES.items()
    }
    assert len(files) >= 60

    results = attack(tmp_path / "files", files, Format.RIS)

    for name, result in results.items():
        last = result["outcomes"][-1]
        assert last["n"] == 3, (name, result)
        is_right = last["titles"] == [TITLES[name.split("-")[0]]] * 3
        if name.endswith("torn") or not is_right:
            assert last["warned"] or "Not Unicode" in result["note"], (name, result)


# XML


@pytest.fixture
def canary() -> Iterator[tuple[int, list[int]]]:
    """Yield the port of a server that nobody should call, and the calls it got."""
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
    """Return samples of XML with hostile text before the root, or inside the first title."""
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
    position = next(re.finditer("itle>|<atl>", root)).end()
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
    files = {name: prolog + hostile + root for name, hostile in before.items()}
    for name, hostile in inside.items():
        files[name] = prolog + root[:position] + hostile + root[position:]
    return {name: content.encode() for name, content in files.items()}


@pytest.mark.parametrize("kind", XML)
def test_hostile_xml_fetches_nothing_and_costs_little(tmp_path, kind, canary):
    port, hits = canary
    files = hostile_xml(SAMPLES[kind], port)

    results = attack(tmp_path / "files", files, kind)

    assert hits == []
    for name in ("laughs", "quadratic", "file", "http", "parameter"):
        outcomes = results[name]["outcomes"]
        assert all("entities" in outcome["refused"] for outcome in outcomes), results[name]
    # If a file is read, the undamaged record is there.
    for name, result in results.items():
        for outcome in result["outcomes"]:
            assert "refused" in outcome or outcome["n"] >= 1, (name, result)


# Workbooks


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
    """Return a workbook with ``change(name, bytes)`` made to each part; None drops the part."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(target, "w", method) as copy:
        for name in source.namelist():
            if (part := change(name, source.read(name))) is not None:
                copy.writestr(name, part)
    return target.getvalue()


def with_part(data: bytes, name: str, part: bytes, n: int = 1) -> bytes:
    target = io.BytesIO(data)
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as archive:
        for number in range(n):
            archive.writestr(name.format(number), part)
    return target.getvalue()


def hostile_workbooks() -> dict[str, bytes]:
    intact = workbook()
    with zipfile.ZipFile(io.BytesIO(intact)) as book:
        parts = book.namelist()
    chance = random.Random(4)  # noqa: S311 - damage, not a secret
    files = {}
    for n, target in enumerate(parts):
        files[f"without-{n}"] = rezipped(
            intact, lambda name, part, target=target: None if name == target else part
        )
        files[f"noise-{n}"] = rezipped(
            intact,
            lambda name, part, target=target: chance.randbytes(500) if name == target else part,
        )
        files[f"doctype-{n}"] = rezipped(
            intact,
            lambda name, part, target=target: (
                b'<!DOCTYPE x [<!ENTITY a "ha">]>' + part if name == target else part
            ),
        )
    files |= {f"torn-{n}": intact[: len(intact) * n // 9] for n in range(1, 9)}
    for n in (5, 30, 90):
        files[f"bomb-{n}"] = with_part(intact, "xl/worksheets/b.xml", b" " * n * 10**6)
    files["crowd"] = with_part(intact, "xl/media/{}.png", b"x", n=3_000)
    files["wide"] = workbook(columns=16_000)
    files["climbing"] = with_part(intact, "../../../etc/cron.d/x", b"x")
    files["rooted"] = with_part(intact, "/etc/cron.d/x", b"x")
    files["nested"] = with_part(intact, "xl/embeddings/a.zip", intact)
    lying = bytearray(intact)
    entry = lying.index(b"PK\x01\x02")
    lying[entry + 24 : entry + 28] = (2**31).to_bytes(4, "little")  # its unpacked size
    files["lying"] = bytes(lying)
    locked = bytearray(intact)
    locked[entry + 8] |= 1
    files["locked"] = bytes(locked)
    overlapping = bytearray(intact)
    second_entry = overlapping.index(b"PK\x01\x02", entry + 4)
    overlapping[second_entry + 42 : second_entry + 46] = overlapping[entry + 42 : entry + 46]
    files["overlapping"] = bytes(overlapping)
    files["tail"] = intact + b"\x00" * 100_000
    files["head"] = b"\x00" * 1_000 + intact
    return files


def test_hostile_workbooks_are_refused_or_read(tmp_path):
    files = hostile_workbooks()
    assert len(files) >= 40

    results = attack(tmp_path / "files", files, Format.XLSX)

    for name in ("crowd", "lying", "locked", "overlapping", "bomb-30", "bomb-90", "torn-5"):
        assert all("refused" in outcome for outcome in results[name]["outcomes"]), results[name]
    assert results["wide"]["outcomes"][0]["n"] == 3


# Texts that make bad patterns slow


def pathological() -> dict[str, tuple[Format, bytes]]:
    entry = "@article{k, title = {x}, year = 2000}\n"
    texts = {
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
        Format.LABELLED: {
            "authors": "AU: x\n\n" * 200_000,
            "source": "TI: x\nSO: " + "a, 1(2), " * 200_000,
        },
        Format.PUBMED_TEXT: {
            "numbers": "1: a\n\n" * 200_000,
            "sentences": "1: " + "a. 2010;" * 200_000 + " PMID: 1.",
            "names": "1: " + "Roy M, " * 300_000 + ". T. J. 2010;1:2. PMID: 1",
        },
        Format.PROQUEST: {
            "lines": ("_" * 20 + "\n") * 100_000,
            "names": "Title: x\nAuthor: " + "a 1, 2 ," * 200_000,
        },
        Format.OPENALEX: {
            "nested": '[{"authorships": ' + "[" * 200_000,
            "responses": '[{"results":[' * 100_000,
            "quotes": '[{"authorships": "' + '\\"' * 1_000_000,
        },
        Format.OVID: {"names": "<1. >\nTI  - x\nAU  - " + "Smith, A. " * 50_000 + "\n"},
    }  # fmt: skip
    return {
        f"{kind.value}-{name}": (kind, text.encode())
        for kind, named in texts.items()
        for name, text in named.items()
    }


@pytest.mark.parametrize("kind", sorted({kind for kind, _ in pathological().values()}))
def test_no_text_takes_too_much_time(tmp_path, kind):
    files = {name: data for name, (format_, data) in pathological().items() if format_ is kind}

    results = attack(tmp_path / "files", files, kind)

    if kind is Format.BIBTEX:
        assert results["bibtex-equal"]["outcomes"][0]["n"] == 20_000
        assert results["bibtex-unclosed"]["outcomes"][0]["n"] == 40_000


def test_there_are_at_least_twenty_pathological_texts():
    assert len(pathological()) >= 20
