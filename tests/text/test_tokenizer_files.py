"""tokenizer.json is read as the tokenizers library reads it; what is not supported is refused by name."""

import json
import random
import unicodedata

import pytest

from nnlearn import data
from nnlearn.text.tokenizers import BPETokenizer
from nnlearn.text.wordpiece import SPECIAL, WordPieceTokenizer
from tests.support.reference import library

tokenizers = library("tokenizers")
PLAIN = "abcdefghijklmnopqrstuvwxyzABCDE'sdtm 0123456789.,;!?"
AWKWARD = [
    " ",
    "  ",
    "\n",
    "\t",
    "\r\n",
    "\xa0",
    "\u200b",
    "\u200d",
    "\ufe0f",
    "\0",
    "\ufffd",
    "\x1c",
    "\x85",
]
AWKWARD += [
    "\u2028",
    "\u3000",
    "<|endoftext|>",
    "<|end",
    "[MASK]",
    "[extra]",
    "[CLS",
    "##a",
    "don't WE'LL",
    "ΟΔΟΣ",
]
AWKWARD += [
    "👩‍👩‍👧",
    "👍🏽",
    "🇩🇪",
    "İstanbul",
    "Straße",
    "한국어",
    "日本語",
    "हिन्दी",
    "a\u0301\u0323\u1abf",
    "ﬁ",
    "½ Ⅷ x²",
]
# Of another category since Unicode 8, or at the edge of the ideographs.
LATER = "\u1abf\u0898\u2e43\u08e2\U00011938\U0001e944\u166d\u1734\U000111c9\U0002b820\U0002b920"


def texts(n: int) -> list[str]:
    """Texts of characters from every category of Unicode, awkward neighbours side by side."""
    by_category: dict[str, list[str]] = {}
    for character in map(chr, range(0x110000)):
        by_category.setdefault(unicodedata.category(character), []).append(character)
    del by_category["Cs"], by_category["Cn"]  # half characters; what this Python does not know yet
    pools = [*by_category.values(), by_category["Mn"], *[list(PLAIN)] * 12, *[AWKWARD] * 9, list(LATER)]
    rng = random.Random(0)
    return ["".join(rng.choice(rng.choice(pools)) for _ in range(rng.randint(1, 40))) for _ in range(n)]


TEXTS = ["", *texts(800), data.manual()[:3000]]


@pytest.fixture(scope="module")
def bpe():
    """GPT-2's kind of tokenizer, small, with two added tokens of which one begins the other."""
    theirs = tokenizers.Tokenizer(tokenizers.models.BPE())
    theirs.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    theirs.decoder = tokenizers.decoders.ByteLevel()
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=600, special_tokens=["<|endoftext|>"], initial_alphabet=alphabet, show_progress=False
    )
    theirs.train_from_iterator([data.manual()[:50_000]], trainer)
    theirs.add_special_tokens(["<|end"])
    return theirs


@pytest.fixture(scope="module")
def word_piece():
    """BERT's kind of tokenizer, small, with an added token."""
    pieces = [
        *SPECIAL,
        *PLAIN.replace(" ", "").lower()[:26],
        *"0123456789.,;!?'-#[]<|>δοσςß日本語ı",
        "e\u0301",
        "é",
    ]
    pieces = [
        *dict.fromkeys([*pieces, *(f"##{c}" for c in "abcdefghijklmnopqrstuvwxyz0123456789δοσς\u0301")])
    ]
    vocabulary = {piece: i for i, piece in enumerate(pieces)}
    theirs = tokenizers.Tokenizer(tokenizers.models.WordPiece(vocabulary, unk_token="[UNK]"))
    theirs.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    theirs.post_processor = tokenizers.processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    theirs.decoder = tokenizers.decoders.WordPiece()
    theirs.add_special_tokens([*SPECIAL, "[extra]"])
    return theirs


def test_byte_level_bpe(bpe, tmp_path):
    bpe.save(str(tmp_path / "tokenizer.json"))
    ours = BPETokenizer.load(tmp_path)
    assert len(ours) == bpe.get_vocab_size() and ours.special.keys() == {"<|endoftext|>", "<|end"}
    for text in TEXTS:
        ids = ours.encode(text)
        assert ids.tolist() == bpe.encode(text).ids, ascii(text)
        assert ours.decode(ids) == text


@pytest.mark.parametrize("lowercase", [True, False])
@pytest.mark.parametrize("strip_accents", [None, True, False])
@pytest.mark.parametrize("chinese", [True, False])
def test_word_piece(word_piece, lowercase, strip_accents, chinese, tmp_path):
    word_piece.normalizer = tokenizers.normalizers.BertNormalizer(True, chinese, strip_accents, lowercase)
    word_piece.save(str(tmp_path / "tokenizer.json"))
    ours = WordPieceTokenizer.load(tmp_path)
    for text in TEXTS:
        assert ours.encode(text).tolist() == word_piece.encode(text).ids, ascii(text)
        plain = word_piece.normalizer.normalize_str(text)
        words = [word for word, _ in word_piece.pre_tokenizer.pre_tokenize_str(plain)]
        assert ours._words(text) == words, ascii(text)
    assert ours.encode("a b", "c").tolist() == word_piece.encode("a b", "c").ids


def test_word_piece_as_bert_s_files_have_it(word_piece, tmp_path):
    """A template adds [CLS] and [SEP]; the model has no type; truncation and padding are the caller's."""
    word_piece.normalizer = tokenizers.normalizers.BertNormalizer()
    content = json.loads(word_piece.to_str())
    template = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    content["post_processor"] = json.loads(template.__getstate__())
    content |= {"truncation": {"max_length": 4}, "padding": {"strategy": {"Fixed": 128}}}
    del content["model"]["type"]
    (tmp_path / "tokenizer.json").write_text(json.dumps(content))
    ours = WordPieceTokenizer.load(tmp_path)
    for pair in (("don't go", None), ("a b c d e f", "g h")):
        assert ours.encode(*pair).tolist() == word_piece.encode(*pair).ids


def test_a_cased_vocabulary_of_the_older_form_stays_cased(tmp_path):
    (tmp_path / "vocab.txt").write_text("\n".join([*SPECIAL, "É", "e", "é", "日本"]) + "\n", "utf-8")
    assert WordPieceTokenizer.load(tmp_path).tokenize("É") == ["e"]
    (tmp_path / "tokenizer_config.json").write_text('{"do_lower_case": null}')
    assert WordPieceTokenizer.load(tmp_path).tokenize("É") == ["e"]
    config = {"do_lower_case": False, "strip_accents": None, "tokenize_chinese_chars": False}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    assert WordPieceTokenizer.load(tmp_path).tokenize("É 日本") == ["É", "日本"]
    assert WordPieceTokenizer.load(tmp_path, lowercase=True).tokenize("É") == ["e"]


REFUSED_BPE = [
    (["normalizer"], {"type": "NFC"}, r"normalizer\.type is 'NFC', supported is None"),
    (
        ["pre_tokenizer", "add_prefix_space"],
        True,
        r"pre_tokenizer\.add_prefix_space is True, supported is False",
    ),
    (
        ["pre_tokenizer"],
        {"type": "Metaspace"},
        r"pre_tokenizer\.type is 'Metaspace', supported is 'ByteLevel'",
    ),
    (["post_processor"], {"type": "RobertaProcessing"}, r"post_processor\.type is 'RobertaProcessing'"),
    (["model", "dropout"], 0.1, r"model\.dropout is 0\.1"),
    (["model", "type"], "Unigram", r"model\.type is 'Unigram', supported is 'BPE'"),
    (["model", "something_new"], 3, r"model\.something_new is 3"),
    (["added_tokens", 0, "lstrip"], True, r"added_tokens '<\|endoftext\|>', lstrip is True"),
    (["added_tokens", 0, "id"], 7, r"'<\|endoftext\|>' has two ids, 7 and 0"),
]
REFUSED_WORD_PIECE = [
    (["normalizer"], None, r"normalizer\.type is None, supported is 'BertNormalizer'"),
    (["normalizer", "clean_text"], False, r"normalizer\.clean_text is False"),
    (["post_processor"], None, r"post_processor\.type is None, supported is 'BertProcessing' or 'Templ"),
    (["post_processor", "cls", 1], 4, r"post_processor must add \[CLS\]"),
    (["model", "max_input_chars_per_word"], 50, r"model\.max_input_chars_per_word is 50, supported is 100"),
    (["model", "vocab", "a"], 900, "ids of the vocabulary are not 0, 1, 2"),
    (["added_tokens", 5, "normalized"], True, r"added_tokens '\[extra\]', normalized is True"),
]


@pytest.mark.parametrize(
    "kind, path, value, message",
    [("bpe", *row) for row in REFUSED_BPE] + [("word_piece", *row) for row in REFUSED_WORD_PIECE],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value, list) else None,
)
def test_what_is_not_supported_is_refused_by_name(kind, path, value, message, request, tmp_path):
    theirs = request.getfixturevalue(kind)
    if kind == "word_piece":
        theirs.normalizer = tokenizers.normalizers.BertNormalizer()
    content = json.loads(theirs.to_str())
    part = content
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    (tmp_path / "tokenizer.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"tokenizer\.json: .*" + message):
        (BPETokenizer if kind == "bpe" else WordPieceTokenizer).load(tmp_path)


def test_files_that_say_two_things_or_nothing(bpe, word_piece, tmp_path):
    word_piece.normalizer = tokenizers.normalizers.BertNormalizer()
    word_piece.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "tokenizer_config.json").write_text('{"do_lower_case": false}')
    with pytest.raises(ValueError, match="do_lower_case is False, supported is True"):
        WordPieceTokenizer.load(tmp_path)
    with pytest.raises(ValueError, match=r"tokenizer\.json: normalizer\.type is 'BertNormalizer'"):
        BPETokenizer.load(tmp_path)
    for text, message in (("[]", "holds a list, expected an object"), ("{half", "is not JSON")):
        (tmp_path / "tokenizer.json").write_text(text)
        with pytest.raises(ValueError, match=message):
            BPETokenizer.load(tmp_path)
    bpe.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "tokenizer_config.json").write_text('{"add_prefix_space": true}')
    with pytest.raises(ValueError, match="add_prefix_space is True, supported is False"):
        BPETokenizer.load(tmp_path)
    (tmp_path / "tokenizer.json").unlink()
    (tmp_path / "tokenizer_config.json").unlink()
    (tmp_path / "added_tokens.json").write_text('{"<pad>": 600}')
    with pytest.raises(
        ValueError, match=r"added_tokens\.json is not read; save the tokenizer as tokenizer\.json"
    ):
        BPETokenizer.load(tmp_path)
