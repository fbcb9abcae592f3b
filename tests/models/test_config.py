"""Every field of a published config is computed as transformers computes it, or refused by name."""

import dataclasses
import json

import numpy as np
import pytest

from nnlearn.models.bert import BERT
from nnlearn.models.bert import CONFIG as BERT_CONFIG
from nnlearn.models.config import IGNORED, ONLY
from nnlearn.models.gpt import CONFIG as GPT_CONFIG
from nnlearn.models.gpt import GPT
from tests.support.reference import library, torch

transformers = library("transformers")
GPT_SIZES = dict(vocab_size=53, n_positions=12, n_embd=16, n_layer=2, n_head=2)
BERT_SIZES = dict(
    vocab_size=53,
    max_position_embeddings=12,
    hidden_size=16,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=24,
)
COMMON = {  # a value other than the default of each field that both libraries' models know
    "transformers_version": "4.0.0",
    "architectures": ["SomethingElse"],
    "output_hidden_states": True,
    "return_dict": False,
    "dtype": "float16",
    "chunk_size_feed_forward": 2,
    "is_encoder_decoder": True,
    "id2label": {0: "a", 1: "b", 2: "c"},
    "label2id": {"a": 0, "b": 1, "c": 2},
    "problem_type": "regression",
    "initializer_range": 0.5,
    "use_cache": False,
    "bos_token_id": 3,
    "eos_token_id": 4,
    "pad_token_id": 5,
    "add_cross_attention": True,
    "tie_word_embeddings": False,
    "vocab_size": 60,
}
GPT_CHANGES = COMMON | {
    "n_positions": 20,
    "n_embd": 24,
    "n_layer": 3,
    "n_head": 4,
    "n_inner": 40,
    "activation_function": "relu",
    "resid_pdrop": 0.5,
    "embd_pdrop": 0.5,
    "attn_pdrop": 0.5,
    "layer_norm_epsilon": 0.3,
    "summary_type": "mean",
    "summary_use_proj": False,
    "summary_activation": "tanh",
    "summary_proj_to_labels": False,
    "summary_first_dropout": 0.5,
    "scale_attn_weights": False,
    "scale_attn_by_inverse_layer_idx": True,
    "reorder_and_upcast_attn": True,
}
BERT_CHANGES = COMMON | {
    "hidden_size": 24,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 40,
    "hidden_act": "relu",
    "hidden_dropout_prob": 0.5,
    "attention_probs_dropout_prob": 0.5,
    "max_position_embeddings": 20,
    "type_vocab_size": 3,
    "layer_norm_eps": 0.3,
    "classifier_dropout": 0.5,
    "is_decoder": True,
}
IDS = np.random.default_rng(0).integers(0, 53, (2, 10))


def saved(folder, model):
    """The model with weights far from zero, as published ones are, saved in `folder`."""
    torch.manual_seed(0)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(torch.randn(p.shape) * 0.3)
    model.eval().save_pretrained(folder)
    model.config.return_dict = True  # without it, their GPT-2 fails
    return model


def gpt2(folder, **config):
    return saved(folder, transformers.GPT2LMHeadModel(transformers.GPT2Config(**GPT_SIZES | config)))


def bert(folder, **config):
    return saved(folder, transformers.BertForPreTraining(transformers.BertConfig(**BERT_SIZES | config)))


def rewrite(folder, change, name="config.json"):
    """Change what stands in the file by hand."""
    config = json.loads((folder / name).read_text())
    change(config)
    (folder / name).write_text(json.dumps(config))


def assert_same_gpt2(theirs, folder):
    with torch.no_grad():
        expected = theirs(torch.from_numpy(IDS))[0].numpy()
    np.testing.assert_allclose(GPT.from_pretrained(folder)(IDS).data, expected, atol=1e-4)


def assert_same_bert(theirs, folder):
    with torch.no_grad():
        inputs = torch.from_numpy(IDS)
        body, fill = theirs.bert(inputs), theirs(inputs)[0]
    ours = BERT.from_pretrained(folder)
    np.testing.assert_allclose(ours(IDS).data, body[0].numpy(), atol=1e-4)
    np.testing.assert_allclose(ours.pool(IDS).data, body[1].numpy(), atol=1e-4)
    np.testing.assert_allclose(ours.fill(IDS).data, fill.numpy(), atol=1e-4)


@pytest.mark.parametrize("field", sorted(GPT_CHANGES.keys() - ONLY.keys()))
def test_gpt2_field_by_field(field, tmp_path):
    assert_same_gpt2(gpt2(tmp_path, **{field: GPT_CHANGES[field]}), tmp_path)


@pytest.mark.parametrize("field", sorted(BERT_CHANGES.keys() - ONLY.keys()))
def test_bert_field_by_field(field, tmp_path):
    assert_same_bert(bert(tmp_path, **{field: BERT_CHANGES[field]}), tmp_path)


@pytest.mark.parametrize(
    "make, model, field, value",
    [(gpt2, GPT, name, GPT_CHANGES[name]) for name in GPT_CHANGES if name in ONLY]
    + [(bert, BERT, name, BERT_CHANGES[name]) for name in BERT_CHANGES if name in ONLY],
)
def test_fields_with_one_supported_value(make, model, field, value, tmp_path):
    make(tmp_path)
    rewrite(tmp_path, lambda config: config.update({field: value}))
    with pytest.raises(ValueError, match=rf"config\.json: {field} is .*, supported is"):
        model.from_pretrained(tmp_path)


@pytest.mark.parametrize(
    "library_config, read, changes",
    [
        (transformers.GPT2Config, GPT_CONFIG, GPT_CHANGES),
        (transformers.BertConfig, BERT_CONFIG, BERT_CHANGES),
    ],
    ids=["gpt2", "bert"],
)
def test_every_field_of_the_library_stands_in_one_table_with_the_same_default(library_config, read, changes):
    fields = {f.name: f.default for f in dataclasses.fields(library_config)}
    ignored = set(" ".join(IGNORED.values()).split())
    assert fields.keys() == changes.keys()
    assert all((name in read) + (name in ONLY) + (name in ignored) == 1 for name in fields)
    assert read.items() <= fields.items()
    assert all(fields[name] == ONLY[name] for name in fields.keys() & ONLY.keys())
    assert not any(fields[name] == value for name, value in changes.items())


@pytest.mark.parametrize(
    "name", ["silu", "tanh", "sigmoid", "gelu", "gelu_fast", "gelu_accurate", "gelu_python"]
)
def test_activations(name, tmp_path):
    assert_same_bert(bert(tmp_path / "bert", hidden_act=name), tmp_path / "bert")
    assert_same_gpt2(gpt2(tmp_path / "gpt", activation_function=name), tmp_path / "gpt")


def test_fields_that_are_left_out_have_the_library_s_defaults(tmp_path):
    theirs = bert(tmp_path)
    rewrite(tmp_path, lambda config: [config.pop(name) for name in ("layer_norm_eps", "hidden_act")])
    rewrite(tmp_path, lambda config: config.update(type_vocab_size=None))
    assert_same_bert(theirs, tmp_path)


BAD = [
    (
        {"position_embedding_type": "relative_key"},
        "position_embedding_type is 'relative_key', supported is 'abs",
    ),
    ({"quantization_config": {"bits": 8}}, "quantization_config is .* supported is None"),
    ({"rotary": True}, "rotary is True, and nnlearn does not know what that changes"),
    ({"hidden_act": "mish"}, "hidden_act: the activation is 'mish', known are gelu"),
    ({"num_hidden_layers": "2"}, "num_hidden_layers is '2', expected a whole number, 1 or more"),
    ({"num_attention_heads": 0}, "num_attention_heads is 0, expected a whole number"),
    ({"layer_norm_eps": "tiny"}, "layer_norm_eps is 'tiny', expected a number"),
    ({"hidden_act": 1}, "hidden_act is 1, expected a name"),
    (
        {"num_hidden_layers": 1},
        r"the files hold bert\.encoder\.layer\.1.*, for which this model has no place",
    ),
]


@pytest.mark.parametrize("change, message", BAD, ids=[next(iter(change)) for change, _ in BAD])
def test_what_is_not_supported_is_refused_by_name(change, message, tmp_path):
    bert(tmp_path)
    rewrite(tmp_path, lambda config: config.update(change))
    with pytest.raises(ValueError, match=message):
        BERT.from_pretrained(tmp_path)


@pytest.mark.parametrize("text, message", [("{half", "is not JSON"), ("[]", "holds a list, expected a dict")])
def test_a_config_that_is_none(text, message, tmp_path):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(ValueError, match=rf"config\.json {message}"):
        GPT.from_pretrained(tmp_path)


def test_a_byte_order_mark_in_a_config(tmp_path):
    theirs = gpt2(tmp_path)
    (tmp_path / "config.json").write_text("\ufeff" + (tmp_path / "config.json").read_text(), "utf-8")
    assert_same_gpt2(theirs, tmp_path)


@pytest.mark.parametrize("size", ["50GB", "20KB"], ids=["whole", "in shards"])
def test_files_of_other_names_beside_the_weights_are_not_read(size, tmp_path):
    theirs = gpt2(tmp_path)
    wrong = {name: p.detach().numpy() * 0 for name, p in theirs.named_parameters()}
    for file in tmp_path.glob("*.safetensors"):
        file.unlink()
    theirs.save_pretrained(tmp_path, max_shard_size=size)
    for name in ("adapter.safetensors", "zz_old.safetensors", "model-00009-of-00009.safetensors"):
        library("safetensors.numpy").save_file(wrong, tmp_path / name)
    assert_same_gpt2(theirs, tmp_path)


def test_shards_and_their_index(tmp_path):
    gpt2(tmp_path).save_pretrained(tmp_path, max_shard_size="20KB")
    (tmp_path / "model.safetensors").unlink(missing_ok=True)
    shard, index = min(tmp_path.glob("*.safetensors")).name, "model.safetensors.index.json"
    for file, error, message in (
        (shard, ValueError, rf"a\.name is not in {shard}"),
        ("no.safetensors", FileNotFoundError, r"no\.safetensors"),
    ):
        rewrite(tmp_path, lambda content, file=file: content["weight_map"].update({"a.name": file}), index)
        with pytest.raises(error, match=message):
            GPT.from_pretrained(tmp_path)
    (tmp_path / index).write_text("{}")
    with pytest.raises(ValueError, match="has no weight_map"):
        GPT.from_pretrained(tmp_path)


def test_weights_that_the_model_has_no_place_for(tmp_path):
    numpy = library("safetensors.numpy")
    gpt2(tmp_path)
    file = tmp_path / "model.safetensors"
    weights = numpy.load_file(file)
    for name in ("transformer.h.0.attn.bias", "transformer.h.1.attn.masked_bias", "score.weight"):
        numpy.save_file(weights | {name: np.ones(3, np.float32)}, file)
        GPT.from_pretrained(tmp_path)
    wte = weights["transformer.wte.weight"]
    numpy.save_file(weights | {"lm_head.weight": wte.copy()}, file)
    GPT.from_pretrained(tmp_path)
    for extra, message in (
        ({"transformer.h.0.adapter.weight": wte}, r"the files hold transformer\.h\.0\.adapter\.weight"),
        ({"lm_head.weight": wte + 1}, r"lm_head\.weight has values of its own"),
        ({"transformer.wte.weight": wte.astype(np.int8)}, r"wte\.weight is of type int8, expected floating"),
    ):
        numpy.save_file(weights | extra, file)
        with pytest.raises(ValueError, match=message):
            GPT.from_pretrained(tmp_path)
