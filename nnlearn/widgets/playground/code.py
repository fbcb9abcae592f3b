"""A run as a cell of plain `nnlearn` that gives the same numbers."""

from nnlearn.widgets.playground.problems import features
from nnlearn.widgets.playground.run import INITS, OPTIMIZERS, Change, Run


def code_of(run: Run) -> str:
    """Python that repeats the run: the same data, weights, batches and changes, to the last digit."""
    c, problem = run.config, run.problem
    columns = ", ".join(code for _, code in features(c.features).values())
    start = INITS[c.init]
    init = f", init=nn.init.{start.__name__}" if start else ""
    kind, options = OPTIMIZERS[c.optimizer]
    more = "".join(f", {name}={value!r}" for name, value in options.items())
    priced = any((c.l1, c.l2, *(change.value for change in run.changes if change.name in ("l1", "l2"))))
    lines = [
        "import numpy as np",
        "import nnlearn as nn",
        "",
        *problem.code(c.noise, c.seed),
        f"train, _, test = nn.data.split(X, y, validation=0, test={c.test!r}, rng={c.seed})",
        *_own(run),
        "",
        "def inputs(X):",
        "    x, y = X.T",
        f"    return np.column_stack([{columns}])",
        "",
        f'model = nn.MLP({list(run.sizes)}, "{c.activation}", rng={c.seed}{init})',
        f"optimizer = nn.{kind}(model.parameters(), lr={c.lr!r}{more})",
    ]
    if priced:
        lines += [
            f"l1, l2 = {c.l1!r}, {c.l2!r}",
            "",
            "def loss(output, target):",
            f"    loss = nn.{problem.loss}(output, target)",
            "    if l1 or l2:",
            "        for layer in model.layers:",
            "            loss = loss + l1 * abs(layer.W).sum() + l2 / 2 * (layer.W**2).sum()",
            "    return loss",
            "",
        ]
    lines += [
        f"trainer = nn.Trainer(model, optimizer, {'loss' if priced else f'nn.{problem.loss}'})",
        f"batches = nn.batches(len(train[0]), {c.batch_size}, seed={c.seed})",
        "X, y = inputs(train[0]), train[1]",
        "",
        "def steps(n):",
        "    for _ in range(n):",
        "        batch = next(batches)",
        "        trainer.step(X[batch], y[batch])",
        "",
        *_training(run),
        "",
        "with nn.no_grad():",
        f"    train_loss = float(nn.{problem.loss}(model(inputs(train[0])), train[1]))",
        f"    test_loss = float(nn.{problem.loss}(model(inputs(test[0])), test[1]))",
        'print(f"step {trainer.steps_done}: training loss {train_loss:.6g}, test loss {test_loss:.6g}")',
    ]
    return "\n".join(lines)


def _own(run: Run) -> list[str]:
    """The reader's own points, behind the others."""
    if not run.config.points:
        return []
    return [
        f"own = np.array({[list(point) for point in run.config.points]}, train[0].dtype)",
        "labels = own[:, 2].astype(train[1].dtype).reshape(-1, *train[1].shape[1:])",
        "train = np.concatenate([train[0], own[:, :2]]), np.concatenate([train[1], labels])",
    ]


def _training(run: Run) -> list[str]:
    """The steps, with the changes where they were made."""
    lines, done = [], 0
    for change in run.changes:
        lines += [f"steps({change.step - done})"] * (change.step > done) + [_change(change)]
        done = change.step
    return lines + [f"steps({run.steps - done})"] * (run.steps > done)


def _change(change: Change) -> str:
    layer, source, unit = change.where
    if change.name == "lr":
        return f"optimizer.lr = {change.value!r}"
    if change.name == "weight":
        entry = f"b.data[{unit}]" if source < 0 else f"W.data[{source}, {unit}]"
        return f"model.layers[{layer}].{entry} = {change.value!r}"
    return f"{change.name} = {change.value!r}"
