"""Tokenisers agree with the libraries whose files they read; the next token is drawn as asked."""

import numpy as np
import pytest

from nnlearn import data
from nnlearn.text.sampling import bits_per_character, next_token_probabilities, sample
from nnlearn.text.tokenizers import END_OF_TEXT, BPETokenizer, CharTokenizer, WordPieceTokenizer
from tests.support.reference import library

tokenizers, transformers = library("tokenizers"), library("transformers")

CORPUS = data.manual()[:100_000]
ODD = [
    "",
    " ",
    "Hello, world! It's 3.5 o'clock; don't, WE'LL, they've.",
    "½ Ⅷ x²  ﬁ café cafe\u0301 naïve 日本語 テスト 👍🏽 \u200b\ufffd",
    " \n\n  \t a_b __init__ \x1c\x1f \x85\xa0\u3000end  ",
    "before<|endoftext|>after <|endoftext|>",
    "[CLS] déjà-vu [MASK]. [mask] unaffable #hash ##x $5 «quoted»",
    "x" * 150,
]


@pytest.fixture(scope="module")
def bpe() -> BPETokenizer:
    return BPETokenizer.train(CORPUS, 800)


def test_characters():
    tokenizer = CharTokenizer("abracadabra")
    assert tokenizer.tokens == ["a", "b", "c", "d", "r"] and len(tokenizer) == 5
    ids = tokenizer.encode("cab")
    assert ids.tolist() == [2, 0, 1] and ids.dtype == np.int64
    assert tokenizer.decode(ids) == "cab"


def test_bits_per_character_of_known_guesses():
    seen = []

    def model(x):
        seen.append(x.shape)
        return np.broadcast_to(np.log([0.5, 0.25, 0.25]), (*x.shape, 3))

    ids = np.tile([0, 1], 500)  # half the next characters cost one bit, half two
    assert bits_per_character(model, ids, length=10) == pytest.approx(1.5)
    assert seen == [(64, 10), (35, 10)]  # the last ten characters have no successor for a full window
    with pytest.raises(ValueError, match="too few for a window of 128"):
        bits_per_character(model, ids[:100])


def test_bpe_learns_the_merges_the_tokenizers_library_learns(bpe, tmp_path):
    theirs = tokenizers.Tokenizer(tokenizers.models.BPE())
    theirs.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=800,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    theirs.train_from_iterator([CORPUS], trainer)
    (tmp_path / "theirs").mkdir()
    theirs.model.save(str(tmp_path / "theirs"))
    bpe.save(tmp_path / "ours")
    merges = [(tmp_path / who / "merges.txt").read_text("utf-8").split() for who in ("ours", "theirs")]
    assert len(bpe) == 800 and merges[0] == merges[1]


def test_bpe_encodes_as_gpt2_does_and_back(bpe, tmp_path):
    bpe.save(tmp_path)
    theirs = transformers.GPT2Tokenizer(str(tmp_path / "vocab.json"), str(tmp_path / "merges.txt"))
    again = BPETokenizer.load(tmp_path)
    assert again.ids == bpe.ids and again.special == bpe.special and len(again) == len(bpe)
    for s in [*ODD, CORPUS[5000:15000]]:
        ids = again.encode(s)
        assert ids.tolist() == theirs.encode(s) == bpe.encode(s).tolist(), s
        assert again.decode(ids) == s
    assert "\ufffd" in bpe.decode(bpe.encode("é")[:1])  # half a character


def test_wordpiece_encodes_as_bert_does(tmp_path):
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz0123456789.,;:'-#$!"]
    pieces += [f"##{c}" for c in "abcdefghijklmnopqrstuvwxyz0123456789"]
    pieces += "the un hello world ##aff ##able 日 don they it quoted cafe deja vu mask _ init".split()
    (tmp_path / "vocab.txt").write_text("\n".join(pieces) + "\n", "utf-8")
    ours = WordPieceTokenizer.load(tmp_path)
    theirs = transformers.BertTokenizer(str(tmp_path / "vocab.txt"))
    for s in [*ODD, CORPUS[5000:15000]]:
        assert ours.encode(s).tolist() == theirs.encode(s), s
    assert ours.encode("hello", "world").tolist() == theirs.encode("hello", "world")
    assert ours.decode(ours.encode("unaffable")) == "[CLS] unaffable [SEP]"


def test_probabilities():
    logits = np.log([0.5, 0.1, 0.3, 0.1])
    for options, expected in [
        ({}, [0.5, 0.1, 0.3, 0.1]),
        ({"temperature": 0}, [1, 0, 0, 0]),
        ({"temperature": 0.5}, np.array([25, 1, 9, 1]) / 36),
        ({"top_k": 2}, [5 / 8, 0, 3 / 8, 0]),
        ({"top_k": 99}, [0.5, 0.1, 0.3, 0.1]),
        ({"top_p": 0.79}, [5 / 8, 0, 3 / 8, 0]),
        ({"top_p": 0.4}, [1, 0, 0, 0]),
        ({"top_p": 1.0}, [0.5, 0.1, 0.3, 0.1]),
        ({"top_k": 2, "top_p": 0.9}, [5 / 8, 0, 3 / 8, 0]),
    ]:
        p = next_token_probabilities(np.stack([logits, logits + 1000]), **options)
        np.testing.assert_allclose(p, [expected, expected], atol=1e-12, err_msg=str(options))


def test_probabilities_are_those_of_transformers():
    torch = library("torch")
    logits = np.random.default_rng(0).normal(scale=3, size=(5, 50))
    warp = transformers.generation.logits_process
    for top_k, top_p, temperature in [(10, None, 1.0), (None, 0.8, 0.7), (20, 0.5, 2.0)]:
        t = warp.TemperatureLogitsWarper(temperature)(None, torch.from_numpy(logits))
        t = t if top_k is None else warp.TopKLogitsWarper(top_k)(None, t)
        t = t if top_p is None else warp.TopPLogitsWarper(top_p)(None, t)
        ours = next_token_probabilities(logits, temperature, top_k, top_p)
        np.testing.assert_allclose(ours, t.softmax(-1).numpy(), atol=1e-9)


def test_sample():
    logits = np.log([[0.5, 0.1, 0.3, 0.1]])
    drawn = sample(np.repeat(logits, 20_000, axis=0), top_k=2, rng=0)
    counts = np.bincount(drawn, minlength=4) / 20_000
    np.testing.assert_allclose(counts, [5 / 8, 0, 3 / 8, 0], atol=0.015)  # 4 standard errors
    assert sample(logits[0], rng=1) == sample(logits[0], rng=1) and sample(logits[0], rng=1).shape == ()


BAD = [
    (lambda: CharTokenizer(""), "text is empty"),
    (lambda: CharTokenizer("abc").encode("abz"), "the character 'z' is not among the 3"),
    (lambda: CharTokenizer("abc").decode([0, 3]), "id 3 is not in the vocabulary of 3"),
    (lambda: CharTokenizer("abc").decode([-1]), "id -1 is not"),
    (lambda: BPETokenizer.train("abc", 100), "vocab_size is 100"),
    (lambda: WordPieceTokenizer(["a", "[UNK]"]), r"lacks \[PAD\], \[CLS\]"),
    (lambda: sample([0.0, 1.0], temperature=-1), "temperature is -1"),
    (lambda: sample([0.0, 1.0], top_k=0), "top_k is 0"),
    (lambda: sample([0.0, 1.0], top_p=1.5), "top_p is 1.5"),
]


@pytest.mark.parametrize("call, message", BAD, ids=[message for _, message in BAD])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_vocabulary_files_that_are_missing_or_wrong(bpe, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"vocab\.json not found"):
        BPETokenizer.load(tmp_path)
    bpe.save(tmp_path)
    (tmp_path / "merges.txt").write_text("#version: 0.2\nq zzz\n")
    with pytest.raises(ValueError, match="do not fit together"):
        BPETokenizer.load(tmp_path)
    (tmp_path / "vocab.json").write_text("{half a fi")
    with pytest.raises(ValueError, match="do not fit together"):
        BPETokenizer.load(tmp_path)


def test_text_of_half_a_million_characters_trains_in_seconds():
    import time

    start = time.perf_counter()
    BPETokenizer.train(data.manual(), 2000)
    assert time.perf_counter() - start < 10
    assert END_OF_TEXT == "<|endoftext|>"
