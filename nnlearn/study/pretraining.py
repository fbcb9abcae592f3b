"""A small BERT of Python's manual: its text, its masks, its training, and a task with few labels.

`python -m nnlearn.study.pretraining` trains the two models that `load` gives: ten minutes on one thread.
"""

import re
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from nnlearn.data.bundled import manual
from nnlearn.engine.primitive import Result, no_grad
from nnlearn.engine.random import RNG, generator
from nnlearn.functions.losses import cross_entropy
from nnlearn.layers.module import in_use
from nnlearn.models.bert import BERT
from nnlearn.text.wordpiece import WordPieceTokenizer
from nnlearn.training.optim import AdamW, clip_grad_norm, cosine, warm_up
from nnlearn.training.saving import load_with_notes, save

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
PAD, UNK, CLS, SEP, MASK = range(5)
FOLDER = Path(__file__).with_name("weights")
SIZES = {"vocab_size": 1000, "context": 32, "width": 64, "depth": 2, "heads": 4}
STEPS, SEED = 20_000, 0

# -- the text --------------------------------------------------------------------------------------


def paragraphs() -> tuple[list[str], list[str]]:
    """The manual's paragraphs, each once: four fifths to learn from, one fifth held out.

    A paragraph's side follows from its own words alone: it is the same in every edition of the manual.
    """
    plain = re.sub(r"[*=~-]{4,}", "", manual())
    every = dict.fromkeys(" ".join(part.split()) for part in re.split(r"\n\s*\n", plain))
    every.pop("", None)
    held = {p for p in every if zlib.crc32(p.encode()) % 5 == 0}
    return [p for p in every if p not in held], [p for p in every if p in held]


def vocabulary(texts: Sequence[str], size: int) -> WordPieceTokenizer:
    """The special tokens and the commonest words and signs of `texts`, quotation marks left out."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(re.findall(r"[^\W_]+|[^\w\s]|_", text.replace('"', " ").lower()))
    return WordPieceTokenizer([*SPECIAL, *(word for word, _ in counts.most_common(size - len(SPECIAL)))])


def stream(texts: Sequence[str], tokenizer: WordPieceTokenizer) -> np.ndarray:
    """All texts without their quotation marks, one after the other, [SEP] after each.  -> (N,)"""
    return np.concatenate([tokenizer.encode(text.replace('"', " "))[1:] for text in texts])


def code_words(
    texts: Sequence[str], tokenizer: WordPieceTokenizer, context: int
) -> tuple[np.ndarray, np.ndarray]:
    """Sentences with at least one word in quotation marks; the marks go, and are the labels.

    ids (n, context), padded; labels (n, context): 1 for a word that was quoted, 0 for another word, -1 for
    everything else.
    """
    rows: list[tuple[list[str], list[int]]] = []
    for text in texts:
        if text.count('"') % 2 or '""' in text or ">>>" in text or "::=" in text or text[-1] not in ".:":
            continue
        pieces: list[str] = []
        quoted: list[int] = []
        for k, part in enumerate(text.split('"')):
            new = tokenizer.tokenize(part)
            pieces, quoted = pieces + new, quoted + [k % 2] * len(new)
        ends = [i + 1 for i, piece in enumerate(pieces) if piece in ".:;" and not quoted[i]]
        for start, end in zip([0, *ends], ends, strict=False):
            if 6 <= end - start <= context - 2 and any(quoted[start:end]):
                rows.append((pieces[start:end], quoted[start:end]))
    ids, labels = np.full((len(rows), context), PAD), np.full((len(rows), context), -1)
    for i, (pieces, quoted) in enumerate(rows):
        ids[i, : len(pieces) + 2] = [CLS, *(tokenizer.ids[p] for p in pieces), SEP]
        word = [p.isalpha() or p == "[UNK]" for p in pieces]
        labels[i, 1 : len(pieces) + 1] = np.where(word, quoted, -1)
    return ids, labels


# -- the masked language model ---------------------------------------------------------------------


def mask_tokens(ids: np.ndarray, vocab_size: int, rng: RNG = None) -> tuple[np.ndarray, np.ndarray]:
    """Hide 15 % of the ordinary tokens: 80 % of these become [MASK], 10 % a random token, 10 % stay.

    ids (B, T) -> what the model reads (B, T), and where it is asked (B, T), True or False.  Source: J.
    Devlin et al. (2019).
    """
    rng = generator(rng)
    chosen = (rng.random(ids.shape) < 0.15) & (ids >= len(SPECIAL))
    kind = rng.random(ids.shape)
    other = rng.integers(len(SPECIAL), vocab_size, ids.shape)
    read = np.where(chosen & (kind < 0.8), MASK, np.where(chosen & (kind >= 0.9), other, ids))
    return read, chosen


def masked_loss(model: BERT, read: np.ndarray, ids: np.ndarray, chosen: np.ndarray) -> Result:
    """Cross-entropy of the tokens at the chosen places alone, in nats."""
    return cross_entropy(model.fill(read, places=chosen), ids[chosen])


def examples(text: np.ndarray, starts: np.ndarray, context: int) -> np.ndarray:
    """[CLS] and the context − 1 tokens from each start on.  (N,), (B,) -> (B, context)"""
    inside = text[starts[:, None] + np.arange(context - 1)]
    return np.concatenate([np.full((len(starts), 1), CLS), inside], axis=1)


def held_out(text: np.ndarray, context: int, vocab_size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the model reads, the truth and the places asked, of a whole text: the same for every model."""
    ids = examples(text, np.arange(0, len(text) - context, context - 1), context)
    read, chosen = mask_tokens(ids, vocab_size, rng=1)
    return read, ids, chosen


def evaluate(model: BERT, question: tuple[np.ndarray, np.ndarray, np.ndarray]) -> float:
    """The masked language model's loss on (read, ids, chosen), without dropout."""
    with no_grad(), in_use(model):
        return float(masked_loss(model, *question).data)


def pretrain(
    model: BERT,
    text: np.ndarray,
    steps: int,
    lr: float = 2e-3,
    batch: int = 32,
    rng: RNG = None,
    note: Callable[[int, float], None] = lambda step, loss: None,
) -> list[float]:
    """Train on random stretches of the text, masked afresh each time; the loss of every step.

    `note(steps done, loss)` is called after every step.
    """
    rng, optimizer = generator(rng), AdamW(model.parameters(), lr=lr, weight_decay=0.01)
    schedule = warm_up(steps // 20, cosine(lr, steps, 0.05 * lr))
    vocab_size, losses = len(model.bias), []
    model.train()
    for step in range(steps):
        ids = examples(text, rng.integers(0, len(text) - model.context, batch), model.context)
        read, chosen = mask_tokens(ids, vocab_size, rng)
        optimizer.lr = schedule(step)
        optimizer.zero_grad()
        loss = masked_loss(model, read, ids, chosen)
        loss.backward()
        clip_grad_norm(optimizer.params, 1.0)
        optimizer.step()
        losses.append(loss.item())
        note(step + 1, losses[-1])
    return losses


# -- the trained models ----------------------------------------------------------------------------


def new(causal: bool = False, rng: RNG = SEED, dropout: float = 0.0) -> BERT:
    """A BERT of the right size, not yet trained; with `causal`, no token looks ahead."""
    model = BERT(**SIZES, rng=rng, dropout=dropout)
    for block in model.blocks:
        block.attention.causal = causal
    return model


def load(causal: bool = False) -> BERT:
    """The model that `python -m nnlearn.study.pretraining` trained, or its twin that sees the left."""
    state, model = load_with_notes(_file(causal))[0], new(causal)
    model.load_state_dict({name: array.astype(np.float32) for name, array in state.items()})
    return model.eval()


def load_tokenizer() -> WordPieceTokenizer:
    """The vocabulary of the trained models."""
    return WordPieceTokenizer(load_with_notes(_file(False))[1]["tokens"])


def load_history(causal: bool = False) -> dict[str, list[float]]:
    """The training curve: steps done, mean loss since the row before, loss on the text held out."""
    return load_with_notes(_file(causal))[1]["history"]


def _file(causal: bool) -> Path:
    return FOLDER / ("bert_manual_left.safetensors" if causal else "bert_manual.safetensors")


def train(causal: bool) -> None:
    """Train on the manual, and write weights in half precision, vocabulary and training curve."""
    learn, held = paragraphs()
    tokenizer = vocabulary(learn, SIZES["vocab_size"])
    text, other = stream(learn, tokenizer), stream(held, tokenizer)
    question = held_out(other, SIZES["context"], len(tokenizer))
    model, recent = new(causal, dropout=0.1), []
    history: dict[str, list[float]] = {"step": [], "loss": [], "held_out": []}

    def note(step: int, loss: float) -> None:
        recent.append(loss)
        if step in (1, 100, 200) or step % 500 == 0:
            values = {"step": step, "loss": float(np.mean(recent)), "held_out": evaluate(model, question)}
            for name, value in values.items():
                history[name].append(round(value, 4))
            recent.clear()
            print(" ".join(f"{name} {value:.5g}" for name, value in values.items()), flush=True)

    pretrain(model, text, STEPS, rng=SEED, note=note)
    half = {name: array.astype(np.float16) for name, array in model.state_dict().items()}
    save(half, _file(causal), notes={"tokens": tokenizer.tokens, "history": history})


if __name__ == "__main__":
    train(causal=False)
    train(causal=True)
