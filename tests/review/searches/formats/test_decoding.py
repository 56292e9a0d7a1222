"""Text comes out right, or with a warning, in any encoding and with any newlines."""

import pytest

from review.searches.formats import Format, detect
from tests.review.searches.formats.format_cases import RIS, read_bytes, read_text

SPANISH = (
    "TY  - JOUR\nAU  - Muñoz, José\nTI  - Evaluación de los programas de pago por resultados en "
    "atención sanitaria\nAB  - Además, la población española más joven recibió atención según el "
    "número de años de educación.\nER  - \n"
) * 5
RUSSIAN = (
    "TY  - JOUR\nAU  - Иванов, И.\nTI  - Оплата по результатам в здравоохранении\nAB  - Мы изучили "
    "программы оплаты по результатам и их влияние на качество медицинской помощи.\nER  - \n"
) * 5
CHINESE = (
    "TY  - JOUR\nAU  - 余敏\nTI  - 参考文献管理工具研究\nAB  - 介绍了参考文献"
    "管理的基本方法,对参考文献管理工具的主要功能进行了对比,最后分析了参考文献管理的趋势。\nER  - \n"
) * 5


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (SPANISH, "utf-8"),
        (SPANISH, "utf-8-sig"),
        (SPANISH, "utf-16"),
        (SPANISH, "utf-16-le"),
        (SPANISH, "utf-16-be"),
        (SPANISH, "cp1252"),
        (RUSSIAN, "cp1251"),
        (CHINESE, "gb18030"),
    ],
)
def test_titles_survive_their_encoding(tmp_path, text, encoding):
    expected = text.split("TI  - ")[1].split("\n")[0]

    blocks = read_bytes(tmp_path, text.encode(encoding))

    assert [block.record.title for block in blocks] == [expected] * 5


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_newlines_of_every_kind_are_newlines(tmp_path, newline):
    blocks = read_bytes(tmp_path, RIS.replace("\n", newline).encode())

    assert len(blocks) == 2
    assert blocks[1].line == RIS[: RIS.index("TY  - RPRT")].count("\n") + 1


def test_a_stray_carriage_return_before_a_tag_hides_nothing(tmp_path):
    text = RIS.replace("TY  - RPRT", "\rTY  - RPRT").replace("\nPY  - 2018\n", "\rPY  - 2018\n")

    assert [block.record.year for block in read_bytes(tmp_path, text.encode())] == [2018, 2018]


def test_line_separators_inside_text_are_blanks(tmp_path):
    (block,) = read_text(tmp_path, "TY  - JOUR\nTI  - One\u2028two\u0085three\nER  - \n")

    assert block.record.title == "One two three"


def test_control_characters_are_removed_with_a_warning(tmp_path):
    first, second = read_text(tmp_path, RIS.replace("Building", "Buil\x00d\x1bing"))

    assert second.record.title == "Building the tools for public services"
    assert "\x00" not in second.raw
    assert second.warnings == ("Control characters were removed.",)
    assert first.warnings == ()


def test_a_few_bytes_that_are_not_utf8_leave_the_rest_right(tmp_path):
    data = (SPANISH * 4).encode() + RIS.encode().replace(b"Carter", b"Cart\xe9r")

    blocks = read_bytes(tmp_path, data)

    assert blocks[0].record.authors == ("Muñoz, José",)
    assert "\ufffd" in blocks[-1].record.authors[0]
    assert "encoding" in blocks[-1].warnings[0]


def test_a_character_cut_off_by_the_end_of_the_file_does_not_change_the_encoding(tmp_path):
    path = tmp_path / "cut.ris"
    path.write_bytes("TY  - JOUR\nTI  - Evaluación de ñ".encode()[:-1])

    assert detect(path).encoding == "utf-8"
    assert detect(path).format is Format.RIS


def test_the_note_says_when_the_encoding_was_guessed(tmp_path):
    path = tmp_path / "old.ris"
    path.write_bytes(SPANISH.encode("cp1252"))

    assert "Check" in detect(path).note
