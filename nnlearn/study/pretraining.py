"""A small BERT of Python's manual: its text, its masks, its training, and a task with few labels.

`python -m nnlearn.study.pretraining` trains the two models that `load` gives, BERT and a GPT of the same
layers: ten minutes on one thread. With `--shift 1000` it starts from other seeds, and writes nothing.
"""

import argparse
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from nnlearn.data.python_manual import manual, manual_sections
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
STEPS, CAUSAL_STEPS, SEED = 20_000, 5_000, 0

# -- the text --------------------------------------------------------------------------------------


def paragraphs() -> tuple[list[str], list[str]]:
    """The manual's paragraphs, each once: four fifths to learn from, one fifth held out.

    A paragraph's side follows from its own words alone: it is the same in every edition of the manual.
    """
    return _sides(dict.fromkeys(_split(manual())))


def _split(text: str) -> list[str]:
    plain = re.sub(r"[*=~-]{4,}", "", text)
    return [words for part in re.split(r"\n\s*\n", plain) if (words := " ".join(part.split()))]


def _sides(every: Iterable[str]) -> tuple[list[str], list[str]]:
    """What to learn from, and what is held out."""
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


def sections(
    texts: Sequence[str], names: Sequence[str], tokenizer: WordPieceTokenizer, context: int
) -> tuple[np.ndarray, np.ndarray]:
    """Paragraphs of eight words or more that stand in one section alone, and which of `names` it is.

    ids (n, context), cut off or padded, without quotation marks; labels (n,).
    """
    where: dict[str, set[str]] = {}
    for section, text in manual_sections().items():
        for paragraph in _split(text):
            where.setdefault(paragraph, set()).add(section)
    rows = [(text, *where.get(text, ())) for text in texts if len(text.split()) >= 8]
    chosen = [(row[0], names.index(row[1])) for row in rows if len(row) == 2 and row[1] in names]
    ids = np.full((len(chosen), context), PAD)
    for row, (text, _) in zip(ids, chosen, strict=True):
        found = tokenizer.encode(text.replace('"', " "))[:context]
        row[: len(found)] = found
    return ids, np.array([k for _, k in chosen], dtype=np.int64)


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


def next_token_loss(model: BERT, ids: np.ndarray) -> Result:
    """Cross-entropy of each token given those to its left, in nats: the loss of chapter 16."""
    return cross_entropy(model.fill(ids[:, :-1]), ids[:, 1:])


def pretrain(
    model: BERT,
    text: np.ndarray,
    steps: int,
    lr: float = 2e-3,
    batch: int = 32,
    rng: RNG = None,
    note: Callable[[int, float], None] = lambda step, loss: None,
    causal: bool = False,
) -> list[float]:
    """Train on random stretches of the text, masked afresh each time; the loss of every step.

    With `causal`, nothing is masked, and every next token is asked for. `note(steps done, loss)` is called
    after every step.
    """
    rng, optimizer = generator(rng), AdamW(model.parameters(), lr=lr, weight_decay=0.01)
    schedule = warm_up(steps // 20, cosine(lr, steps, 0.05 * lr))
    vocab_size, losses = len(model.bias), []
    model.train()
    for step in range(steps):
        ids = examples(text, rng.integers(0, len(text) - model.context, batch), model.context)
        optimizer.lr = schedule(step)
        optimizer.zero_grad()
        if causal:
            loss = next_token_loss(model, ids)
        else:
            read, chosen = mask_tokens(ids, vocab_size, rng)
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
    """The BERT that `python -m nnlearn.study.pretraining` trained; with `causal`, the GPT.

    That one has the same layers, no token looks ahead, and it was trained to say the next token.
    """
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
    return FOLDER / ("gpt_manual_words.safetensors" if causal else "bert_manual.safetensors")


def train(causal: bool, shift: int = 0) -> None:
    """Train on the manual, and write weights in half precision, vocabulary and training curve."""
    learn, held = paragraphs()
    tokenizer = vocabulary(learn, SIZES["vocab_size"])
    text, other = stream(learn, tokenizer), stream(held, tokenizer)
    question = held_out(other, SIZES["context"], len(tokenizer))
    model, recent = new(causal, SEED + shift, dropout=0.1), []
    history: dict[str, list[float]] = {"step": [], "loss": [], "held_out": []}

    def note(step: int, loss: float) -> None:
        recent.append(loss)
        if step in (1, 100, 200) or step % 500 == 0:
            judge = _evaluate_next if causal else evaluate
            values = {"step": step, "loss": float(np.mean(recent)), "held_out": judge(model, question)}
            for name, value in values.items():
                history[name].append(round(value, 4))
            recent.clear()
            print(" ".join(f"{name} {value:.5g}" for name, value in values.items()), flush=True)

    pretrain(model, text, CAUSAL_STEPS if causal else STEPS, rng=SEED + shift, note=note, causal=causal)
    if not shift:
        half = {name: array.astype(np.float16) for name, array in model.state_dict().items()}
        save(half, _file(causal), notes={"tokens": tokenizer.tokens, "history": history})


def _evaluate_next(model: BERT, question: tuple[np.ndarray, np.ndarray, np.ndarray]) -> float:
    with no_grad(), in_use(model):
        return float(next_token_loss(model, question[1]).data)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train the models of chapter 17.")
    parser.add_argument(
        "--shift", type=int, default=0, help="added to the seed; if not 0, nothing is written"
    )
    options = parser.parse_args()
    train(False, options.shift)
    train(True, options.shift)
