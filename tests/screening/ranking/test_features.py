"""Features of texts: in every script, each text tokenised once, whatever was cached."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from screening.ranking import features as module
from screening.ranking.features import Features, extract, load, record_text, tokenise

SENTENCES = st.lists(
    st.text(alphabet=st.sampled_from("abcé中ก ि.İ_1"), max_size=30) | st.text(max_size=20),
    max_size=8,
)


def assert_same(left: Features, right: Features) -> None:
    assert left.text_digests == right.text_digests
    assert left.words == right.words
    np.testing.assert_array_equal(left.tokens, right.tokens)
    np.testing.assert_array_equal(left.offsets, right.offsets)
    np.testing.assert_array_equal(left.rows, right.rows)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A trial of Pay-for-Success (n = 12)", ["trial", "of", "pay", "for", "success", "12"]),
        ("Évaluation des coûts", ["évaluation", "des", "coûts"]),
        ("İSTANBUL ve DIŞ ticaret, ırmak", ["istanbul", "ve", "diş", "ticaret", "irmak"]),
        ("рандомизированное исследование", ["рандомизированное", "исследование"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("دراسة عشوائية", ["دراسة", "عشوائية"]),
        ("무작위 시험", ["무작위", "시험"]),
        ("社会影响债券", ["社", "会", "影", "响", "债", "券"]),
        ("ﬁrst ＲＣＴ", ["first", "rct"]),
        (" .!? ", []),
    ],
)
def test_words_are_found_in_every_script(text, words):
    assert tokenise(text) == words


def test_composed_and_decomposed_letters_are_the_same_word():
    assert tokenise("e\u0301valuation") == tokenise("\u00e9valuation")


def test_a_record_text_leaves_out_what_is_missing():
    assert record_text("Title", None, "key; words") == "Title key; words"
    assert record_text(None) == ""


def test_counts_are_those_of_scikit_learn_for_english_texts():
    texts = ["bonds pay for bonds that pay", "pay for results", "the rat and the cat", "pay"]
    vectorizer = CountVectorizer(ngram_range=(1, 3), min_df=1, max_df=0.7)

    expected = vectorizer.fit_transform(texts).toarray()
    counted = extract(texts).counts((1, 3), max_df=0.7).toarray()

    # The columns have another order, so that they are compared as sorted columns.
    assert sorted(map(tuple, counted.T)) == sorted(map(tuple, expected.T))


def test_pairs_of_words_do_not_cross_from_one_text_to_the_next():
    counts = extract(["alpha beta", "gamma delta"]).counts((2, 2))

    assert counts.shape == (2, 2)
    assert counts.sum() == 2


@given(SENTENCES, SENTENCES)
def test_extending_gives_the_same_as_extracting_everything(old, new):
    assert_same(extract(old).extend(new), extract([*old, *new]))


@given(SENTENCES, SENTENCES)
def test_what_was_cached_makes_no_difference_to_the_features(cached, texts):
    assert_same(extract(texts, cached=extract(cached)), extract(texts))


def test_only_new_texts_are_tokenised(monkeypatch):
    known = extract(["first text", "second text"])
    tokenised = []
    monkeypatch.setattr(module, "tokenise", lambda text: [tokenised.append(text) or "word"])

    extract(["second text", "third text", "third text", "first text"], cached=known)

    assert tokenised == ["third text"]


@given(SENTENCES)
def test_saving_and_loading_gives_the_same_features(tmp_path_factory, texts):
    folder = tmp_path_factory.mktemp("features")
    features = extract(texts)

    features.save(folder)

    assert_same(load(folder), features)


def test_the_cache_is_arrays_and_json_and_nothing_that_can_run(tmp_path):
    extract(["one text", "another"]).save(tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["features.json", "features.npz"]
    assert json.loads((tmp_path / "features.json").read_text())["words"]
    with np.load(tmp_path / "features.npz", allow_pickle=False) as arrays:
        assert sorted(arrays.files) == ["offsets", "tokens"]


def test_saving_replaces_an_earlier_collection(tmp_path):
    extract(["one text"]).save(tmp_path)

    extract(["another text", "a third"]).save(tmp_path)

    assert_same(load(tmp_path), extract(["another text", "a third"]))


def test_a_cache_that_is_missing_damaged_or_of_another_version_is_refused(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError):
        load(tmp_path)

    extract(["one text"]).save(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(module, "VERSION", module.VERSION + 1)
        with pytest.raises(ValueError, match="another version"):
            load(tmp_path)

    (tmp_path / "features.npz").write_bytes(b"half of a file")
    with pytest.raises(ValueError, match="damaged"):
        load(tmp_path)


def test_a_selection_keeps_the_weights_of_the_whole_collection():
    features = extract(["alpha beta", "beta gamma", "gamma alpha"])

    chosen = features.take([2, 0]).take([1])

    assert len(chosen) == 1
    assert chosen.digests == features.digests[:1]
    assert chosen.collection_digest == features.collection_digest
    assert chosen.counts().shape == features.counts().shape
    assert features.take([False, True, True]).digests == features.digests[1:]
    assert len(features.take([])) == 0
