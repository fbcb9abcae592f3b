"""GPT-2's and BERT's files load: the same logits as transformers', the same text token for token."""

import builtins
import json

import numpy as np
import pytest

from nnlearn.models.bert import BERT
from nnlearn.models.gpt import GPT
from tests.support.reference import library, torch

transformers = library("transformers")
GPT_CONFIG = dict(vocab_size=101, n_positions=48, n_embd=32, n_layer=3, n_head=4)
BERT_CONFIG = dict(
    vocab_size=101,
    max_position_embeddings=40,
    hidden_size=32,
    num_hidden_layers=3,
    num_attention_heads=4,
    intermediate_size=80,
)


def randomize(model):
    """Published weights are neither small nor all zero, as fresh ones are."""
    torch.manual_seed(0)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(torch.randn(p.shape) * 0.3)
    return model.eval()


@pytest.fixture(
    scope="module",
    params=[{}, {"activation_function": "relu", "layer_norm_epsilon": 1e-3}],
    ids=["gpt2", "relu"],
)
def gpt(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("gpt2")
    theirs = randomize(transformers.GPT2LMHeadModel(transformers.GPT2Config(**GPT_CONFIG, **request.param)))
    theirs.save_pretrained(folder)
    return theirs, GPT.from_pretrained(folder), folder


def test_gpt_logits(gpt):
    theirs, ours, _ = gpt
    ids = np.random.default_rng(0).integers(0, 101, (3, 48))
    with torch.no_grad():
        expected = theirs(torch.from_numpy(ids)).logits.numpy()
    logits = ours(ids)
    assert logits.data.dtype == np.float32
    np.testing.assert_allclose(logits.data, expected, atol=1e-4)


@pytest.mark.parametrize("cached", [True, False])
def test_gpt_greedy_generation_token_for_token(gpt, cached):
    theirs, ours, _ = gpt
    prompt = np.random.default_rng(1).integers(0, 101, (3, 7))
    options = dict(max_new_tokens=41, do_sample=False, pad_token_id=0, eos_token_id=None)
    mask = torch.ones(3, 7, dtype=torch.long)
    expected = theirs.generate(torch.from_numpy(prompt), attention_mask=mask, **options).numpy()
    out = ours.generate(prompt, 41, temperature=0, cached=cached)
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(ours.generate(prompt[1], 41, temperature=0, cached=cached), expected[1])


def test_gpt_without_the_prefix_in_names_and_in_shards(gpt, tmp_path):
    theirs, ours, _ = gpt
    theirs.transformer.save_pretrained(tmp_path, max_shard_size="20KB")
    assert len(list(tmp_path.glob("*.safetensors"))) > 2
    ids = np.arange(10)[None]
    np.testing.assert_array_equal(GPT.from_pretrained(tmp_path)(ids).data, ours(ids).data)


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bert")
    theirs = randomize(transformers.BertForPreTraining(transformers.BertConfig(**BERT_CONFIG)))
    theirs.save_pretrained(folder)
    return theirs, BERT.from_pretrained(folder)


def test_bert_logits(bert):
    theirs, ours = bert
    rng = np.random.default_rng(0)
    ids, types, mask = rng.integers(0, 101, (3, 20)), rng.integers(0, 2, (3, 20)), np.ones((3, 20), int)
    mask[0, 12:] = mask[1, 5:] = 0
    inputs = [torch.from_numpy(a) for a in (ids, mask, types)]
    with torch.no_grad():
        body = theirs.bert(*inputs)
        expected = theirs(*inputs).prediction_logits.numpy()
    hidden = ours(ids, types, mask).data
    np.testing.assert_allclose(hidden, body.last_hidden_state.numpy(), atol=1e-4)
    np.testing.assert_allclose(ours.fill(ids, types, mask).data, expected, atol=1e-4)
    np.testing.assert_allclose(ours.pool(ids, types, mask).data, body.pooler_output.numpy(), atol=1e-4)


@pytest.mark.parametrize(
    ("kind", "ours", "theirs"),
    [("BertModel", "pool", "pooler_output"), ("BertForMaskedLM", "fill", "logits")],
)
def test_bert_with_one_head_only(kind, ours, theirs, tmp_path):
    model = randomize(getattr(transformers, kind)(transformers.BertConfig(**BERT_CONFIG)))
    model.save_pretrained(tmp_path)
    ids = np.arange(12)[None]
    with torch.no_grad():
        expected = getattr(model(torch.from_numpy(ids)), theirs).numpy()
    np.testing.assert_allclose(getattr(BERT.from_pretrained(tmp_path), ours)(ids).data, expected, atol=1e-4)


def test_bert_with_the_names_of_the_first_files(bert, tmp_path):
    """LayerNorm.gamma and .beta, as in the files first published."""
    from safetensors.numpy import save_file

    theirs, ours = bert
    weights = {name: p.detach().numpy() for name, p in theirs.named_parameters()}
    old = {
        n.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): w
        for n, w in weights.items()
    }
    theirs.config.save_pretrained(tmp_path)
    save_file(old, tmp_path / "model.safetensors")
    ids = np.arange(12)[None]
    np.testing.assert_array_equal(BERT.from_pretrained(tmp_path)(ids).data, ours(ids).data)


def test_half_precision_files(gpt, tmp_path):
    theirs, _, _ = gpt
    for dtype in (torch.float16, torch.bfloat16):
        half = randomize(transformers.GPT2LMHeadModel(theirs.config).to(dtype))
        half.save_pretrained(tmp_path)
        loaded = GPT.from_pretrained(tmp_path)
        assert {p.data.dtype.name for p in loaded.parameters()} == {"float32"}
        expected = half.transformer.h[1].mlp.c_fc.weight.detach().float().numpy()
        np.testing.assert_array_equal(loaded.blocks[1].expand.W.data, expected)


def test_bad_input(gpt, tmp_path, monkeypatch):
    _, _, folder = gpt
    with pytest.raises(FileNotFoundError, match=r"has no config\.json"):
        GPT.from_pretrained(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(
        FileNotFoundError, match=r"has no model\.safetensors, nor model\.safetensors\.index\.json"
    ):
        GPT.from_pretrained(tmp_path)
    whole = (folder / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"model\.safetensors is damaged"):
        GPT.from_pretrained(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(whole)
    with pytest.raises(ValueError, match="holds a model of type gpt2, not bert"):
        BERT.from_pretrained(tmp_path)
    for change, message in (
        ({"n_layer": 4}, "the files hold no h.3"),
        ({"n_positions": 50}, r"positions\.W has shape \(48, 32\), the model's is \(50, 32\)"),
        ({"activation_function": "swish9"}, "the activation is 'swish9'"),
    ):
        (tmp_path / "config.json").write_text(json.dumps(config | change))
        with pytest.raises(ValueError, match=message):
            GPT.from_pretrained(tmp_path)

    real = builtins.__import__

    def without_hub(name, *rest):
        if name == "huggingface_hub":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_hub)
    with pytest.raises(ImportError, match=r"there is no folder no/such.*pip install .nnlearn\[pretrained\]"):
        GPT.from_pretrained("no/such")


def test_no_network(monkeypatch):
    hub = library("huggingface_hub")
    monkeypatch.setattr(hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(OSError, match="downloading it from the hub failed"):
        BERT.from_pretrained("nobody/no-such-model")
