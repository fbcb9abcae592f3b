"""Files of published tokenizers: tokenizer.json, and the older ones with tokenizer_config.json beside them.

What they ask for is done, or refused by name. A text's truncation and padding are the caller's, and not read.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ANY = None  # of a field: every value is supported, since none changes the ids
Supported = Mapping[
    str, Mapping[str, tuple | None]
]  # {part: {field: values}}; a part that is null has type None

BYTE_LEVEL_BPE: Supported = {
    "normalizer": {"type": (None,)},
    "pre_tokenizer": {
        "type": ("ByteLevel",),
        "add_prefix_space": (False,),
        "use_regex": (True,),
        "trim_offsets": ANY,
    },
    "post_processor": {
        "type": (None, "ByteLevel"),
        **dict.fromkeys(("add_prefix_space", "use_regex", "trim_offsets"), ANY),
    },
    "decoder": {
        "type": ("ByteLevel",),
        **dict.fromkeys(("add_prefix_space", "use_regex", "trim_offsets"), ANY),
    },
    "model": {
        "type": ("BPE",),
        "dropout": (None, 0),
        "continuing_subword_prefix": (None, ""),
        "end_of_word_suffix": (None, ""),
        "ignore_merges": (False,),
        # every byte has a token, so that nothing is unknown
        **dict.fromkeys(("unk_token", "fuse_unk", "byte_fallback", "vocab", "merges"), ANY),
    },
    "added_tokens": {
        **dict.fromkeys(("single_word", "lstrip", "rstrip"), (False,)),
        **dict.fromkeys(("id", "content", "special", "normalized"), ANY),
    },
}
WORD_PIECE: Supported = {
    "normalizer": {
        "type": ("BertNormalizer",),
        "clean_text": (True,),
        **dict.fromkeys(("handle_chinese_chars", "strip_accents", "lowercase"), ANY),
    },
    "pre_tokenizer": {"type": ("BertPreTokenizer",)},
    "post_processor": {
        "type": ("BertProcessing", "TemplateProcessing"),
        **dict.fromkeys(("cls", "sep", "single", "pair", "special_tokens"), ANY),
    },
    "decoder": {"type": (None, "WordPiece"), "prefix": ("##",), "cleanup": ANY},
    "model": {
        "type": ("WordPiece",),
        "unk_token": ("[UNK]",),
        "continuing_subword_prefix": ("##",),
        "max_input_chars_per_word": (100,),
        "vocab": ANY,
    },
    "added_tokens": {
        **dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), (False,)),
        **dict.fromkeys(("id", "content", "special"), ANY),
    },
}


def read_text(path: Path) -> str:
    """The file's text.  Raises FileNotFoundError, which says what is expected, when it is missing."""
    if not path.is_file():
        raise FileNotFoundError(f"{path} not found; a tokenizer's vocabulary is expected there")
    return path.read_text(encoding="utf-8-sig")


def read_json(path: Path) -> dict[str, Any]:
    """The object in the file, {} where there is no file.  Raises ValueError when it holds none."""
    try:
        content = json.loads(read_text(path)) if path.is_file() else {}
    except ValueError as error:
        raise ValueError(f"{path} is not JSON ({error})") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path} holds a {type(content).__name__}, expected an object")
    return content


def _read_tokenizer(path: Path, supported: Supported) -> dict[str, Any]:
    """What tokenizer.json says, {} where there is none.

    Raises ValueError for the first component or field that asks for what is not supported, and names it.
    """
    content = read_json(path)
    for part, fields in supported.items() if content else ():
        found = content.get(part)
        for piece in found if isinstance(found, list) else [found or {"type": None}]:
            if not isinstance(piece, dict):
                raise ValueError(f"{path}: {part} holds {piece!r:.60}, expected an object")
            for field, value in piece.items():
                values = fields.get(field, (None, False))
                if values is not ANY and value not in values:
                    name = (
                        f"{part} {piece['content']!r}, {field}" if "content" in piece else f"{part}.{field}"
                    )
                    raise ValueError(
                        f"{path}: {name} is {value!r:.60}, supported is {' or '.join(map(repr, values))}"
                    )
    return content


def read_bpe(directory: Path) -> tuple[dict[str, int], list[tuple[str, ...]], dict[str, int] | None]:
    """{token: id}, the pairs that are merged, in order, and {special token: id}, None if no file says it.

    Raises FileNotFoundError for a missing file, ValueError for what is damaged or not supported.
    """
    _require(directory, add_prefix_space=(False,), add_bos_token=(False,), add_eos_token=(False,))
    path = directory / "tokenizer.json"
    if content := _read_tokenizer(path, BYTE_LEVEL_BPE):
        model = _with(path, content, "vocab", "merges")
        pairs = [tuple(pair.split(" ") if isinstance(pair, str) else pair) for pair in model["merges"]]
        return model["vocab"], pairs, _added_tokens(path, content)
    read_text(directory / "vocab.json")  # must be there
    lines = read_text(directory / "merges.txt").split("\n")
    pairs = [tuple(line.split(" ")) for line in lines if line and not line.startswith("#version")]
    return read_json(directory / "vocab.json"), pairs, None


def read_word_piece(directory: Path) -> tuple[list[str], dict[str, Any]]:
    """The tokens in the order of their ids, and what else `WordPieceTokenizer` is to be told.

    Raises FileNotFoundError for a missing file, ValueError for what is damaged or not supported.
    """
    path = directory / "tokenizer.json"
    content = _read_tokenizer(path, WORD_PIECE)
    if not content:
        config = _require(directory)
        tokens = read_text(directory / "vocab.txt").rstrip("\n").split("\n")
        given = {theirs: value for theirs, value in config.items() if value is not None}
        return tokens, {ours: given.get(theirs, default) for theirs, (_, ours, default) in _OPTIONS.items()}
    model, normalizer = _with(path, content, "vocab"), content["normalizer"]
    options = {ours: normalizer.get(name, default) for name, ours, default in _OPTIONS.values()}
    _require(directory, **{theirs: (options[ours],) for theirs, (_, ours, _) in _OPTIONS.items()})
    added = _added_tokens(path, content)
    ids = model["vocab"] | added
    tokens = sorted(ids, key=ids.__getitem__)
    if [ids[token] for token in tokens] != list(range(len(ids))):
        raise ValueError(f"{path}: the ids of the vocabulary are not 0, 1, 2, …, each once")
    frame = [ids.get("[CLS]"), ids.get("[SEP]")]
    if _frame(content["post_processor"]) != [frame, [*frame, frame[1]]]:
        raise ValueError(f"{path}: post_processor must add [CLS] … [SEP] or [CLS] … [SEP] … [SEP]")
    return tokens, options | {"special": [*added]}


_OPTIONS = {  # tokenizer_config.json's name: (tokenizer.json's, ours, the default)
    "do_lower_case": ("lowercase", "lowercase", True),
    "strip_accents": ("strip_accents", "strip_accents", None),
    "tokenize_chinese_chars": ("handle_chinese_chars", "chinese_characters", True),
}


def _frame(processor: Mapping[str, Any]) -> list[list[int]] | None:
    """The ids that a post-processor sets around one text, and around and between two; None if elsewhere."""
    if processor["type"] == "BertProcessing":
        cls, sep = processor["cls"][1], processor["sep"][1]
        return [[cls, sep], [cls, sep, sep]]
    frames = []
    for name, texts in (("single", ".A."), ("pair", ".A.B.")):
        pieces = [piece for parts in processor[name] for piece in parts.items()]
        if "".join(piece["id"] if kind == "Sequence" else "." for kind, piece in pieces) != texts:
            return None
        tokens = [piece["id"] for kind, piece in pieces if kind == "SpecialToken"]
        frames.append([i for token in tokens for i in processor["special_tokens"][token]["ids"]])
    return frames


def _with(path: Path, content: Mapping[str, Any], *fields: str) -> dict[str, Any]:
    """The model of a tokenizer.json, which must have those fields."""
    for field in fields:
        if field not in content["model"]:
            raise ValueError(f"{path}: model.{field} is missing")
    return content["model"]


def _added_tokens(path: Path, content: Mapping[str, Any]) -> dict[str, int]:
    """{token: id} of those that are found in a text before it is split into words.

    Raises ValueError where one has another id in the vocabulary.
    """
    added = {token["content"]: token["id"] for token in content.get("added_tokens") or []}
    vocabulary = content["model"]["vocab"]
    wrong = [token for token, i in added.items() if vocabulary.get(token, i) != i]
    if wrong:
        raise ValueError(f"{path}: {wrong[0]!r} has two ids, {added[wrong[0]]} and {vocabulary[wrong[0]]}")
    return added


def _require(directory: Path, **supported: tuple) -> dict[str, Any]:
    """What tokenizer_config.json says, {} where there is none.

    Raises ValueError where one of those fields has another value, and for a file of added tokens beside a
    vocabulary of the older form.
    """
    path = directory / "tokenizer_config.json"
    config = read_json(path)
    for field, values in supported.items():
        if config.get(field) not in (None, *values):
            raise ValueError(f"{path}: {field} is {config[field]!r}, supported is {values[0]!r}")
    if (directory / "added_tokens.json").is_file() and not (directory / "tokenizer.json").is_file():
        raise ValueError(
            f"{directory}: added_tokens.json is not read; save the tokenizer as tokenizer.json, which says "
            "how its added tokens are found in a text"
        )
    return config
