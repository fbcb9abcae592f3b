"""A published model's config.json: each field is read, or refused by name, or ignored for a reason.

The fields that are read stand in the file of the model, with the published library's values for those that a
config leaves out. `ONLY` and `IGNORED` hold the rest; a field that stands nowhere is refused.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ONLY: dict[str, Any] = {  # fields that change what is computed, and the value that is supported
    "add_cross_attention": False,
    "auto_map": None,  # code of the model's own
    "cross_attention_hidden_size": None,
    "is_decoder": False,
    "is_encoder_decoder": False,
    "layer_types": None,
    "mtp_layer_types": None,
    "per_layer_config": None,
    "position_embedding_type": "absolute",
    "pruned_heads": {},
    "quantization_config": None,
    "scale_attn_by_inverse_layer_idx": False,
    "scale_attn_weights": True,
    "tie_encoder_decoder": False,
    "tie_word_embeddings": True,
    "transformers_weights": None,  # a file of another name
}

IGNORED = {  # why a field is left alone, and the fields
    "acts in training alone": """
        attention_probs_dropout_prob hidden_dropout_prob classifier_dropout attn_pdrop embd_pdrop resid_pdrop
        summary_first_dropout summary_last_dropout initializer_range gradient_checkpointing problem_type""",
    "belongs to a head that is not built here": """
        id2label label2id num_labels _num_labels summary_type summary_use_proj summary_activation
        summary_proj_to_labels pooler_fc_size pooler_num_attention_heads pooler_num_fc_layers
        pooler_size_per_head pooler_type""",
    "says how arrays are stored: all become float32": "dtype torch_dtype use_bfloat16",
    "changes speed and memory, not values": """
        chunk_size_feed_forward reorder_and_upcast_attn use_cache torchscript attn_implementation
        _attn_implementation _attn_implementation_autoset _attn_implementation_internal
        experts_implementation _experts_implementation_internal""",
    "says what is returned beside the result": """
        output_attentions output_hidden_states output_past output_scores return_dict return_dict_in_generate
        tie_last_hidden_states""",
    "is a choice of the one who generates, made in the call": """
        max_length max_new_tokens min_length do_sample early_stopping num_beams num_beam_groups
        diversity_penalty temperature top_k top_p typical_p repetition_penalty length_penalty
        no_repeat_ngram_size encoder_no_repeat_ngram_size encoder_repetition_penalty bad_words_ids
        num_return_sequences remove_invalid_values exponential_decay_length_penalty suppress_tokens
        begin_suppress_tokens epsilon_cutoff eta_cutoff num_assistant_tokens num_assistant_tokens_schedule
        assistant_confidence_threshold assistant_lookbehind target_lookbehind task_specific_params prefix""",
    "is the tokenizer's: the ids come from there": """
        bos_token_id eos_token_id pad_token_id sep_token_id decoder_start_token_id forced_bos_token_id
        forced_eos_token_id tokenizer_class""",
    "tells where the model is from, or what it is for": """
        model_type architectures transformers_version _name_or_path name_or_path _commit_hash finetuning_task
        directionality language n_ctx""",
}
_IGNORED = frozenset(" ".join(IGNORED.values()).split())


def read_json(path: Path, kind: type = dict) -> Any:
    """The value in a JSON file.  Raises ValueError, with the path, when there is none of that kind in it."""
    try:
        value = json.loads(path.read_text("utf-8-sig"))
    except ValueError as error:
        raise ValueError(f"from_pretrained: {path} is not JSON ({error})") from None
    if not isinstance(value, kind):
        raise ValueError(
            f"from_pretrained: {path} holds a {type(value).__name__}, expected a {kind.__name__}"
        )
    return value


def read_config(path: Path, kind: str, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the fields in `defaults`, as config.json has them.

    Raises ValueError for a model of another kind, for a value that has no sense, and for a field that changes
    what is computed in a way that is not supported, or of which that is not known.
    """
    config = read_json(path)
    if config.get("model_type") != kind:
        raise ValueError(
            f"from_pretrained: {path.parent} holds a model of type {config.get('model_type')}, not {kind}"
        )
    for field, value in config.items():
        if (
            value is None
            or field in defaults
            or field in _IGNORED
            or (field in ONLY and value == ONLY[field])
        ):
            continue
        if field in ONLY:
            raise ValueError(f"from_pretrained: {path}: {field} is {value!r}, supported is {ONLY[field]!r}")
        raise ValueError(
            f"from_pretrained: {path}: {field} is {value!r}, and nnlearn does not know what that changes; "
            "if it changes nothing, delete it from the file"
        )
    return {field: _value(path, field, config.get(field), default) for field, default in defaults.items()}


def _value(path: Path, field: str, value: Any, default: Any) -> Any:
    """The value if it is of the default's kind, the default in place of None."""
    if value is None:
        return default
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(default, str):
        fits, expected = isinstance(value, str), "a name"
    elif isinstance(default, float):
        fits, expected = number and value >= 0, "a number, 0 or more"
    else:
        fits, expected = number and isinstance(value, int) and value >= 1, "a whole number, 1 or more"
    if not fits:
        raise ValueError(f"from_pretrained: {path}: {field} is {value!r}, expected {expected}")
    return value
