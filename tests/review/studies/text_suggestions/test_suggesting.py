"""Values that a text suggests: by names, patterns and earlier quotes, each found in the text."""

import pytest

from protocols.loader import load, read_shipped
from protocols.schema import CodebookItem
from review.studies.text_suggestions.suggesting import EarlierQuote, TextSuggester
from review.studies.text_suggestions.text import MOST_WORDS, sentences_of

CODEBOOK = {
    item.key: item for item in load(read_shipped("social-outcomes-contracting")).protocol.codebook
}


def suggested(item: str, *pages: str, **more):
    found = TextSuggester([CODEBOOK[item]], **more).suggest(sentences_of(pages))
    return [one.value for one in found.get(item, [])]


@pytest.mark.parametrize(
    ("item", "text", "values"),
    [
        ("country", "Nurses in Kenya were paid. Clinics in Kenya were not.", ["KE"]),
        ("country", "Se pagó a escuelas de España.", ["ES"]),
        ("country", "It ran in Papua New Guinea.", ["PG"]),
        ("country", "They ate turkey and came from a chad.", []),
        ("country", "It ran in the U.S. and nowhere else.", ["US"]),
        ("contract_type", "The SIB was the first.", ["social_impact_bond"]),
        ("contract_type", "Un bono de impacto social fue firmado.", ["social_impact_bond"]),
        ("contract_type", "It is possible.", []),
        ("study_design", "We ran a cluster randomised trial.", ["randomised_trial"]),
        ("start_date", "Services were launched in 2014 by the city.", ["2014"]),
        ("start_date", "In 2014 there were 30 cities.", []),
        ("end_date", "The contract ended in 2019.", ["2019"]),
        ("incentive_size", "Outcome payments could reach £1.5m in all.",
         [{"amount": "1500000", "currency": "GBP", "year": None}]),
        ("incentive_size", "Payments of £1,200,000, of which half were made.",
         [{"amount": "1200000", "currency": "GBP", "year": None}]),
        ("incentive_size", "The office cost £1.5m.", []),
        ("incentive_size", "Payments of USD 2,400,000 were made.",
         [{"amount": "2400000", "currency": "USD", "year": None}]),
        ("unintended_effects", "Providers creamed the easy cases.", []),
    ],
)  # fmt: skip
def test_a_value_is_suggested_where_the_text_names_it(item, text, values):
    assert suggested(item, text) == values


def test_a_suggestion_stands_in_the_text_with_its_page():
    pages = ["A report about payments.", "It was run in Peru. Others were not.\n\nPeru again."]
    suggester = TextSuggester([CODEBOOK["country"]])

    [one] = suggester.suggest(sentences_of(pages))["country"]

    assert (one.value, one.sentence, one.page) == ("PE", "It was run in Peru.", 2)
    assert one.sentence in pages[1]
    [of_abstract] = suggester.suggest(sentences_of(pages[1:], is_abstract=True))["country"]
    assert of_abstract.page is None


def test_two_values_are_suggested_where_neither_is_clear_and_the_contract_decides():
    text = "It ran in Peru. The bond of Lima ran there too. It ran in Chile."

    assert suggested("country", text) == ["PE", "CL"]
    assert suggested("country", f"{text} Peru. Peru.") == ["PE"]
    assert suggested("country", "Peru. Peru. The Valparaíso bond in Chile.",
                     contract="Valparaíso social impact bond") == ["CL"]  # fmt: skip


def test_many_values_are_suggested_each_with_its_own_sentence():
    item = CodebookItem.model_validate({
        "key": "areas", "label": "Areas", "level": "study", "type": "many_of",
        "values": [{"key": "work", "label": "Work", "synonyms": ["jobs"]},
                   {"key": "home", "label": "Homelessness", "synonyms": ["rough sleeping"]}],
    })  # fmt: skip
    found = TextSuggester([item]).suggest(sentences_of(["Jobs first. Rough sleeping next."]))

    assert [(one.value, one.sentence) for one in found["areas"]] == [
        (["work"], "Jobs first."), (["home"], "Rough sleeping next."),
    ]  # fmt: skip


QUOTE = "Providers picked the clients who were easiest to help and left the others aside."


def test_a_sentence_like_an_earlier_quote_suggests_its_value_and_no_other_does():
    quotes = [EarlierQuote("unintended_effects", "present", QUOTE)]
    like = "Here too, providers picked clients who were easiest to help, and left others aside."
    unlike = "The clients were interviewed twice."

    assert suggested("unintended_effects", unlike, quotes=quotes) == []
    assert suggested("unintended_effects", f"{unlike} {like}", quotes=quotes) == ["present"]
    assert suggested("country", f"{unlike} {like}", quotes=quotes) == []


def test_a_book_is_read_up_to_so_many_words_and_a_list_without_sentences_is_passed_over():
    book = ["word " * 50 + "ends. "] * 1000
    assert sum(len(one.words) for one in sentences_of(book)) <= MOST_WORDS
    assert sentences_of(["a, " * 1000, ""]) == []


def test_sentences_end_in_every_script_and_odd_texts_take_no_time():
    def texts(page):
        return [one.text for one in sentences_of([page])]

    assert texts("Прошло три года. Потом всё кончилось.") == [
        "Прошло три года.", "Потом всё кончилось.",
    ]  # fmt: skip
    assert texts("结果很好。项目结束了。") == ["结果很好。", "项目结束了。"]
    assert texts("It cost 1.5 m. in all, e.g. for staff. “Good,” they said.") == [
        "It cost 1.5 m. in all, e.g. for staff.", "“Good,” they said.",
    ]  # fmt: skip
    assert texts(". " * 100_000) == []
