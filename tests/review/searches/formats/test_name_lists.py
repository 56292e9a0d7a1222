"""Several people in one value, in every format that should have one person in each."""

import pytest

from review.searches.formats.name_lists import names_in, split_names
from review.searches.formats.names import tidy_names
from tests.review.searches.formats.format_cases import read_text


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("Gatica, G.N., Sequeira, F.A.", ["Gatica, G.N.", "Sequeira, F.A."]),
        ("de la Cruz, J.M., O'Neil, K.", ["de la Cruz, J.M.", "O'Neil, K."]),
        ("Ng, K., Wu, B., O, J.", ["Ng, K.", "Wu, B.", "O, J."]),
        ("Dupont, J.-P., Šmid, Š., Østergård, Ø.", ["Dupont, J.-P.", "Šmid, Š.", "Østergård, Ø."]),
        ("Smith, J. A., Jones, B. C.", ["Smith, J. A.", "Jones, B. C."]),
        ("King, M.L., Jr., Lee, K.", ["King, M.L. Jr.", "Lee, K."]),
        ("Wang, Y., WHO, Lee, K.", ["Wang, Y.", "WHO", "Lee, K."]),
        ("Smith, J., Jones, B., et al.", ["Smith, J.", "Jones, B."]),
        ("Smith, J., Jones, B., and Lee, C.", ["Smith, J.", "Jones, B.", "Lee, C."]),
        ("Reyes, Ana L., Montero, Maria", ["Reyes, Ana L.", "Montero, Maria"]),
        ("Solo, H.", ["Solo, H."]),
        ("Roy M, Tan S.", ["Roy, M", "Tan, S"]),
        ("Roy, Michael; Tan, Stephanie", ["Roy, Michael", "Tan, Stephanie"]),
        # Two people or four families: nobody knows, so nothing is split.
        ("Okafor, Chinwe, Lindqvist, Per", ["Okafor, Chinwe, Lindqvist, Per"]),
        ("Department of Health, London, U.K.", ["Department of Health, London, U.K."]),
        ("张三,李四", ["张三", "李四"]),
    ],
)
def test_the_authors_in_a_cell_are_split_where_that_is_certain(cell, names):
    assert list(tidy_names(split_names(cell))) == names


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("Okafor, C.; Lind, P.; Ruiz, M.", ["Okafor, C.", "Lind, P.", "Ruiz, M."]),
        ("M&uuml;ller, A.; O&#39;Neil, B.", ["Müller, A.", "O'Neil, B."]),
        ("Müller, A.; &amp;", ["Müller, A."]),
        ("Smith &amp;amp; Wesson Group", ["Smith & Wesson Group"]),
        ("张三；李四;王五", ["张三", "李四", "王五"]),
        ("Smith, J. and Jones, B.", ["Smith, J.", "Jones, B."]),
        ("Smith, J.\nJones, B.", ["Smith, J.", "Jones, B."]),
        ("Consortium for Comparative\nGenomics", ["Consortium for Comparative Genomics"]),
        ("King, Martin Luther, Jr.", ["King, Martin Luther, Jr."]),
        ("Department of Health, Education, and Welfare",) * 2,
        ("Organisation for Economic Co-operation and Development",) * 2,
        ("Ministry of Trade, Industry and Energy, Seoul",) * 2,
    ],
)
def test_the_people_in_one_value_are_split_and_organisations_are_not(value, names):
    expected = [names] if isinstance(names, str) else names

    assert list(tidy_names(names_in([value]))) == expected


@pytest.mark.parametrize(
    "text",
    [
        "TY  - JOUR\nTI  - Bonds\nAU  - Okafor, C.; Lind, P.\nKW  - a; b &amp; c;d\nER  - \n",
        "TY  - JOUR\nTI  - Bonds\nA1  - Okafor, C.; Lind, P.\nKW  - a;b & c\nKW  - d\nER  - \n",
        "%0 Book\n%A Okafor, C.; Lind, P.\n%T Bonds\n%K a; b &amp; c\n%K d\n",
        "RT Book\nA1 Okafor, C.; Lind, P.\nT1 Bonds\nK1 a; b &amp;amp; c\nK1 d\n",
        "{Reference Type}: Book\n{Title}: Bonds\n{Author}: Okafor, C.; Lind, P.\n"
        "{Keywords}: a; b &amp; c;d\n",
        "@book{a, title={Bonds}, author={Okafor, C.; Lind, P.}, keywords={a; b {\\&} c; d}}\n",
    ],
)
def test_lists_in_one_value_are_split_in_every_format(tmp_path, text):
    (block,) = read_text(tmp_path, text)

    assert block.record.authors == ("Okafor, C.", "Lind, P.")
    assert block.record.keywords == ("a", "b & c", "d")


def test_refworks_of_cnki_gives_each_person_and_each_word(tmp_path):
    text = "RT Journal Article\nA1 张三;李四;\nT1 影响力债券\nK1 债券;绩效合同\nLA 中文;\n"

    (block,) = read_text(tmp_path, text)

    assert block.record.authors == ("张三", "李四")
    assert block.record.keywords == ("债券", "绩效合同")
    assert block.record.language == "中文"
