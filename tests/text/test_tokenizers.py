"""Tokenisers agree with the libraries whose files they read."""

import time

import numpy as np
import pytest

from nnlearn import data
from nnlearn.text.tokenizers import END_OF_TEXT, BPETokenizer, CharTokenizer
from nnlearn.text.wordpiece import WordPieceTokenizer
from tests.support.reference import library

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


def test_bpe_learns_the_merges_the_tokenizers_library_learns(bpe, tmp_path):
    tokenizers = library("tokenizers")
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
    transformers = library("transformers")
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
    theirs = library("transformers").BertTokenizer(str(tmp_path / "vocab.txt"))
    for s in [*ODD, CORPUS[5000:15000]]:
        assert ours.encode(s).tolist() == theirs.encode(s), s
    assert ours.encode("hello", "world").tolist() == theirs.encode("hello", "world")
    assert ours.decode(ours.encode("unaffable")) == "[CLS] unaffable [SEP]"


BAD = [
    (lambda: CharTokenizer(""), "text is empty"),
    (lambda: CharTokenizer("abc").encode("abz"), "the character 'z' is not among the 3"),
    (lambda: CharTokenizer("abc").decode([0, 3]), "id 3 is not in the vocabulary of 3"),
    (lambda: CharTokenizer("abc").decode([-1]), "id -1 is not"),
    (lambda: BPETokenizer.train("abc", 100), "vocab_size is 100"),
    (lambda: WordPieceTokenizer(["a", "[UNK]"]), r"lacks \[PAD\], \[CLS\]"),
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
    with pytest.raises(ValueError, match=r"vocab\.json is not JSON"):
        BPETokenizer.load(tmp_path)


def test_text_of_half_a_million_characters_trains_in_seconds():
    start = time.process_time()  # the processor's seconds; naive merging takes minutes
    BPETokenizer.train(data.manual(), 2000)
    assert time.process_time() - start < 30
    assert END_OF_TEXT == "<|endoftext|>"
