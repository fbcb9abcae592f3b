from functools import partial

import numpy as np

import nnlearn as nn
from nnlearn.exercises import Explain, Function, Predict, Value, edit
from nnlearn.exercises.budget import NoLoss

LASTS = Predict(1, "more than ten times as long", mistakes=[
    ("thinks the bias does not matter", "equally long",
     "Compute σ(0) and σ(3). What is left of the cell after five steps of each?"),
    ("takes the bias for the factor", "about three times as long",
     "The gate is σ(bias), and it multiplies at every step. How often can you multiply with σ(3) until a "
     "half is left?"),
], after="At σ(0) = 0.5 half is left after one step, at σ(3) = 0.95 after fourteen.")

BIAS = Value(2, -np.log(2 ** (1 / 100) - 1), rtol=1.5e-3, mistakes=[
    ("the gate, not its bias", 0.5 ** (1 / 100),
     "That is where the gate must stand. Which bias brings a sigmoid there?"),
    ("the rule of thumb", np.log(100),
     "Close: that bias leaves about 1/e = 37 % after 100 steps, and a half is asked for."),
    ("a gate of 0.99", np.log(99),
     "A gate of 0.99 leaves 0.99¹⁰⁰, 37 %, after 100 steps, and a half is asked for."),
    ("the gate's logarithm", np.log(0.5) / 100,
     "That is ln f, for the gate f that leaves a half. Which bias brings a sigmoid to that f?"),
    ("the other sign", np.log(2 ** (1 / 100) - 1), "With this sign the gate is nearly shut."),
    ("one step", 0.0, "At σ(0) = 0.5, half is left after one step. After a hundred steps, f¹⁰⁰ is left."),
], after="f¹⁰⁰ = 1/2 and f = σ(b): b = −ln(2^(1/100) − 1) = 4.97.")


def states_and_weights(gates, rng):
    for name, B, n, m, size in [
        ("one sequence, two units", 1, 3, 2, 1.0),
        ("a batch of four", 4, 2, 3, 1.0),
        ("as many texts as units", 3, 2, 3, 1.0),
        ("one unit", 2, 1, 1, 2.0),
        ("no weights, only biases", 2, 3, 2, 0.0),
    ]:
        x, h = rng.normal(size=(B, n)), np.tanh(rng.normal(size=(B, m)))
        states = [x, h]
        if gates == 4:  # an LSTM has a cell too, and here texts of unequal length
            real = np.arange(B) % 2 == 0
            if name == "a batch of four":
                x[~real] = np.nan
            states += [2 * rng.normal(size=(B, m)), real]
        weights = size * rng.normal(size=(n, gates * m)), size * rng.normal(size=(m, gates * m))
        yield name, *states, *weights, rng.normal(size=gates * m)


def lstm_step(x, h, c, real, W_x, W_h, b):
    i, f, g, o = np.split(x @ W_x + h @ W_h + b, 4, axis=-1)
    new = nn.sigmoid(f) * c + nn.sigmoid(i) * np.tanh(g)
    shown = nn.sigmoid(o) * np.tanh(new)
    return np.where(real[:, None], shown, h), np.where(real[:, None], new, c)


LSTM_STEP = Function(3, lstm_step, partial(states_and_weights, 4), allows=("sigmoid",),
                     outputs="h c", mistakes=[
    ("texts that have ended go on", edit("np.where(real[:, None], shown, h), np.where(real[:, None], new, c)",
                                         "shown, new"),
     "You step every text. Where `real` is False, the text is over: what must then come back for it?"),
    ("the cell of an ended text goes on", edit("np.where(real[:, None], new, c)", "new"),
     "The states of ended texts stay, but their cells do not. Which of the two will be read at the end, and "
     "which is carried on until then? Both have to wait."),
    ("the state of an ended text goes on", edit("np.where(real[:, None], shown, h)", "shown"),
     "The cells of ended texts stay, but their states do not: the output gate has shown them anew."),
    ("ended texts become zero", edit("shown, h)", "shown, 0)", "new, c)", "new, 0)"),
     "Where a text has ended you return zeros: all that was read of it is gone."),
    ("times real", edit("np.where(real[:, None], shown, h), np.where(real[:, None], new, c)",
                        "(shown * real[:, None] + h * ~real[:, None], "
                        "new * real[:, None] + c * ~real[:, None])"),
     "Right as long as `x` holds numbers. Where a text has ended it may hold anything, even NaN, and 0 times "
     "NaN is NaN: choose with `np.where`."),
    ("real along the units", edit("real[:, None]", "np.resize(real, h.shape)"),
     "`real` has an entry for each *text*, and yours runs along the units: it needs a second axis, of "
     "length 1."),
    ("input and forget gate exchanged", edit("i, f, g, o =", "f, i, g, o ="),
     "Your input gate keeps and your forget gate writes. The first block is i: it multiplies the candidate."),
    ("another library's order", edit("i, f, g, o =", "i, f, o, g ="),
     "The third block is the candidate g, the fourth the output gate o: i, f, g, o."),
    ("a sigmoid for the candidate", edit("np.tanh(g)", "nn.sigmoid(g)"),
     "Your candidate is a sigmoid: this cell can only go up. A content needs both signs."),
    ("cell first", lambda *inputs: lstm_step(*inputs)[::-1],
     "Right numbers, in the other order: the new h first, then the new c."),
    ("shows the cell as it is", edit("np.tanh(new)", "new"),
     "The cell can be large: it passes a tanh before the output gate shows it."),
    ("shows the old cell", edit("np.tanh(new)", "np.tanh(c)"),
     "You show the cell as it was before this step. h comes from the new one."),
    ("forgets the bias", edit(" + b", ""), "The bias `b` is missing, and with it the open gate."),
    ("real turned round", edit("np.where(real[:, None], shown, h), np.where(real[:, None], new, c)",
     "np.where(real[:, None], h, shown), np.where(real[:, None], c, new)"),
     "Yours steps the texts that have ended, and leaves the others. `real` is True where there is "
     "something to read."),
    ("a GRU's coupling", edit("nn.sigmoid(i) * np.tanh(g)", "(1 - nn.sigmoid(f)) * np.tanh(g)"),
     "You write 1 − f of the candidate. An LSTM has an input gate of its own for that."),
    ("cut along the batch", lambda x, h, c, real, W_x, W_h, b: lstm_step(x, h, c, real, *(np.moveaxis(
        w.reshape(*w.shape[:-1], -1, 4), -1, -2).reshape(w.shape) for w in (W_x, W_h, b))),
     "You take every fourth column for a gate. The blocks stand one after the other: the first m columns "
     "are i."),
    ("the candidate without tanh", edit("np.tanh(g)", "g"),
     "The candidate passes a tanh before it is written."),
    ("a sigmoid for the cell", edit("np.tanh(new)", "nn.sigmoid(new)"),
     "The cell is shown through a tanh, not a sigmoid: a state needs both signs."),
    ("nothing is kept", edit("nn.sigmoid(f) * c + ", ""),
     "The new cell is what is written alone. What the forget gate keeps of the old one is missing."),
    ("an ended text's cell shown anew", edit("shown = nn.sigmoid(o) * np.tanh(new)",
     "new = np.where(real[:, None], new, c)\n    shown = nn.sigmoid(o) * np.tanh(new)",
     "np.where(real[:, None], shown, h)", "shown"),
     "The cell of an ended text stays, but its state is shown anew by an output gate that has read on. "
     "Keep `h` itself."),
    ("no sigmoids", edit("nn.sigmoid", ""),
     "Your gates are no gates yet: i, f and o pass a sigmoid, so that they lie between 0 and 1."),
    ("reads zeros where a text has ended", lambda x, h, c, real, W_x, W_h, b: lstm_step(
        np.where(real[:, None], x, 0), h, c, real | True, W_x, W_h, b),
     "An input of zero does not stop the clock: state and cell go on through W_h and b. Where a text has "
     "ended, return the `h` and `c` that came in."),
    ("the state alone", lambda *inputs: lstm_step(*inputs)[0],
     "Only the state comes back. The next step needs the cell too."),
], after="So a batch can hold texts of any length, and each is read as if it were alone.")


def gru_step(x, h, W_x, W_h, b):
    m = h.shape[1]
    a = x @ W_x + b
    r, z = np.split(nn.sigmoid(a[:, : 2 * m] + h @ W_h[:, : 2 * m]), 2, axis=-1)
    n = np.tanh(a[:, 2 * m :] + (r * h) @ W_h[:, 2 * m :])
    return (1 - z) * n + z * h


GRU_STEP = Function(4, gru_step, partial(states_and_weights, 3), allows=("sigmoid",), mistakes=[
    ("resets after the product", edit("(r * h) @ W_h[:, 2 * m :]", "r * (h @ W_h[:, 2 * m :])"),
     "That is the chapter's, and PyTorch's: r multiplies what comes out of the product. Here it multiplies "
     "what goes in, unit by unit."),
    ("resets all that comes in", edit("a[:, 2 * m :] + (r * h)", "r * (a[:, 2 * m :] + h", "2 * m :])",
                                      "2 * m :]))"),
     "Your reset gate multiplies the input as well. It decides about the *past* alone."),
    ("gates see the reset state", edit("(r * h)", "h", "h @ W_h[:, : 2 * m]",
                                       "nn.sigmoid(a[:, :m] + h @ W_h[:, :m]) * h @ W_h[:, : 2 * m]"),
     "You reset the state that the gates see. They see h as it is; only the candidate sees r ⊙ h."),
    ("keeps where it should write", edit("(1 - z) * n + z * h", "z * n + (1 - z) * h"),
     "Your z = 1 writes. Here, as in the chapter, z = 1 keeps: h = (1 − z) n + z h."),
    ("keeps the reset state", edit("+ z * h", "+ z * (r * h)"),
     "What z keeps is h itself: the reset gate decides what the candidate sees, not what is kept."),
    ("reset and update exchanged", edit("r, z = np", "z, r = np"),
     "The first block is the reset gate r, the second the update gate z."),
    ("never resets", edit("(r * h)", "h"),
     "The candidate sees the whole past. What may it see, where r is 0?"),
    ("the update gate sees the reset state", edit("    n = ",
     "    z = nn.sigmoid(a[:, m : 2 * m] + (r * h) @ W_h[:, m : 2 * m])\n    n = "),
     "Your update gate sees r ⊙ h. Both gates see h as it is; only the candidate sees what is reset."),
    ("a sigmoid for the candidate", edit("np.tanh(", "nn.sigmoid("),
     "The candidate passes a tanh: a state needs both signs."),
    ("nothing is kept", edit(" + z * h", ""),
     "What z keeps of the old state is missing: h = (1 − z) n + z h."),
    ("keeps and writes in full", edit("(1 - z) * n", "n"),
     "The candidate is written in full. Where z keeps, only 1 − z of it comes in."),
    ("the update gate resets", edit("(r * h)", "(z * h)"),
     "The candidate sees z ⊙ h in yours. It is the reset gate r, the first block, that decides what it "
     "sees."),
    ("resets what it should show", edit("(r * h)", "((1 - r) * h)"),
     "Where r is 1, the candidate sees all of h: multiply by r, not by 1 − r."),
    ("no biases", edit(" + b", ""),
     "The bias `b` is missing."),
    ("the candidate's bias twice", edit("np.tanh(a[:, 2 * m :]", "np.tanh(a[:, 2 * m :] + b[2 * m :]"),
     "The candidate's bias comes in twice."),
    ("the candidate does not read", edit("np.tanh(a[:, 2 * m :] + ", "np.tanh("),
     "The candidate does not see the input: `x @ W_x + b` has a third block."),
    ("the past twice", edit("np.tanh(a", "np.tanh((a + h @ W_h)"),
     "The candidate sees the past twice: as it is, from `h @ W_h`, and reset. Leave the first out of its "
     "block."),
    ("all blocks for the candidate", edit("(r * h) @ W_h[:, 2 * m :]", "(r * h) @ W_h"),
     "r ⊙ h meets all three blocks of W_h. The candidate has the third alone: `W_h[:, 2 * m :]`."),
    ("a block transposed", edit("(r * h) @ W_h[:, 2 * m :]", "(r * h) @ W_h[:, 2 * m :].T"),
     "The candidate's block of W_h is transposed. Forwards it is used as it stands."),
], after="After the product, as PyTorch has it, all three products with W_h are one. That is why it is done.")


def forget_gates(rng):
    yield "one unit, four steps", [[[0.9], [0.5], [0.8], [0.25]]]
    yield "a batch", rng.uniform(0.3, 1, size=(2, 5, 3))
    yield "erased in the middle", [[[0.9], [0.8], [0.0], [0.7], [0.6]]]
    yield "one step", [[[0.4, 0.6]]]


def road_back(f):
    road = np.ones_like(f)
    for t in reversed(range(f.shape[1] - 1)):
        road[:, t] = road[:, t + 1] * f[:, t + 1]
    return road


ROAD = Function(5, road_back, forget_gates, mistakes=[
    ("its own gate too", edit("return road", "return road * f"),
     "One factor too many: from c_T back to c_t you pass the gates t + 1 … T, not that of t. At the last "
     "step the derivative is 1."),
    ("from the front", lambda f: np.cumprod(f, axis=1),
     "You multiplied from the first step on. The gradient comes from the last."),
    ("one gate only", edit("road[:, t + 1] * ", ""),
     "That is one step back. The gates of all later steps multiply."),
    ("divides", lambda f: np.prod(f, axis=1, keepdims=True) / np.cumprod(np.maximum(f, 1e-300), axis=1),
     "Dividing the whole product by its beginning fails where a gate is 0. Multiply from the end."),
    ("along the batch", lambda f: np.cumprod(f[::-1], axis=0)[::-1],
     "You multiply along the batch. Time is axis 1."),
    ("later units", lambda f: road_back(f.swapaxes(1, 2)).swapaxes(1, 2),
     "The later *units* are multiplied in yours. Time is axis 1."),
    ("later texts", lambda f: road_back(f.swapaxes(0, 1)).swapaxes(0, 1),
     "The later *texts* of the batch are multiplied in yours. Time is axis 1."),
    ("a little added to each gate", edit("* f[:, t + 1]", "* (f[:, t + 1] + 1e-3)"),
     "What you add for the sake of a gate that is 0 changes all products. Multiply from the end: no "
     "logarithm and no division are needed."),
    ("along the units", lambda f: np.cumprod(f[..., ::-1], axis=2)[..., ::-1],
     "You multiply along the units. Time is axis 1."),
    ("adds", edit("road[:, t + 1] * f", "road[:, t + 1] + f"),
     "You add the gates up. Along the road each gate *multiplies* what comes through."),
    ("the gate before", edit("* f[:, t + 1]", "* f[:, t]"),
     "From c_T back to c_t the gates t + 1 … T multiply. Yours are t … T − 1."),
    ("all the way for all", lambda f: f * 0 + f.prod(axis=1, keepdims=True),
     "You return the product of all gates for each step. A later step has fewer of them before it."),
    ("logarithms", lambda f: np.exp(np.cumsum(np.log(f)[:, ::-1], axis=1)[:, ::-1] - np.log(f)),
     "Neither a logarithm nor a division can take a gate that is 0. Multiply from the end, without the "
     "gate of the step itself."),
    ("round to the end", lambda f: np.roll(np.cumprod(f[:, ::-1], axis=1)[:, ::-1], -1, axis=1),
     "All but the last step is right. There, with no gate left to pass, the derivative is 1: `np.roll` "
     "has put the product of all gates in its place."),
    ("no last step", lambda f: road_back(f)[:, :-1],
     "The last step is missing: ∂c_T / ∂c_T is 1, and it belongs to the T numbers."),
    ("from the beginning to c", lambda f: np.concatenate([np.ones_like(f[:, :1]), np.cumprod(f, axis=1)[:,
     :-1]], axis=1),
     "That is ∂c_t / ∂c_1, from the first step on. Asked for is the way from the *last* step back."),
    ("nothing at the end", edit("    return road", "    road[:, -1] = 0\n    return road"),
     "The last step's derivative is ∂c_T / ∂c_T, and that is 1."),
    ("in the order of the walk", edit("return road", "return road[:, ::-1]"),
     "Right numbers, in the order in which you met them: turn time round."),
    ("also before the first", lambda f: np.concatenate([f.prod(axis=1, keepdims=True), road_back(f)], axis=1),
     "One too many: the derivative with respect to c_0 is not asked for, T of them are."),
    ("what is forgotten", edit("* f[:, t + 1]", "* (1 - f[:, t + 1])"),
     "1 − f is what is forgotten. What comes through is f."),
    ("divides by zero", lambda f: np.prod(f, axis=1, keepdims=True) / np.cumprod(f, axis=1),
     "From the step on at which a gate is 0, you divide 0 by 0. Multiply from the end instead."),
])


def biases_and_lags(rng):
    yield "two units", np.zeros(6), 20.0
    yield "biases already trained", rng.normal(size=9), 50.0
    yield "one unit", [0.5, -0.5, 1.0], 3.0


def opened(b, lag):
    b, m = b.copy(), len(b) // 3
    b[m : 2 * m] = np.log(lag)
    return b


OPEN = Function(6, opened, biases_and_lags, mistakes=[
    ("the reset gate", edit("m : 2 * m", ":m"),
     "The first block is the reset gate. It is the update gate z that keeps."),
    ("the candidate", edit("m : 2 * m", "2 * m :"), "The last block is no gate: it is the candidate."),
    ("all blocks", edit("m : 2 * m", ":"),
     "You set all blocks. The reset gate and the candidate keep their biases."),
    ("the lag itself", edit("np.log(lag)", "lag"),
     "A bias of `lag` keeps for e^lag steps. Which bias keeps for about `lag` steps?"),
    ("shuts it", edit("np.log(lag)", "-np.log(lag)"),
     "With a negative bias z is near 0, which here means: write afresh at each step."),
    ("adds to what was there", edit("] =", "] +="), "Set the biases to ln(lag), whatever they were."),
    ("base two", edit("np.log", "np.log2"),
     "ln is the natural logarithm: `np.log`."),
    ("base ten", edit("np.log", "np.log10"),
     "ln is the natural logarithm: `np.log`. Yours has base 10."),
    ("zeros beside it", edit("b.copy()", "np.zeros_like(b)"),
     "The update gate is right. The two other blocks keep the biases that they have."),
    ("every third", edit("m : 2 * m", "1::3"),
     "You set every third bias. The blocks stand side by side: r has the first m, z the next m."),
    ("one step less", edit("np.log(lag)", "np.log(lag - 1)"),
     "ln(lag − 1) makes it last exactly `lag` steps on average, but asked for is ln(lag)."),
    ("one place too many", edit("m : 2 * m", "m : 2 * m + 1"),
     "One bias too many: the block ends before index 2m."),
    ("the first unit alone", edit("m : 2 * m", "m : m + 1"),
     "Only one unit is opened. z has m biases."),
    ("one over the lag", edit("np.log(lag)", "1 / lag"),
     "1/lag is about what is lost at each step, not the bias. With σ(b) = z, which b keeps for `lag` "
     "steps?"),
    ("four blocks", edit("// 3", "// 4"),
     "You cut b into four blocks, as for an LSTM. A GRU has three."),
    ("reset and update gate", edit("m : 2 * m", ": 2 * m"),
     "The reset gate has been set as well. It keeps its biases."),
    ("its block alone", edit("return b", "return b[m : 2 * m]"),
     "You return the update gate's block alone. Return all 3m biases."),
    ("the exponential", edit("np.log", "np.exp"),
     "e^lag is enormous. The bias is the *logarithm* of the lag."),
])


def budgets(rng):
    yield "a plain layer", 620, 10, 1
    yield "one weight too few", 619, 10, 1
    yield "room for more than half of another", 597, 10, 1
    yield "an LSTM", 10_000, 16, 4
    yield "a GRU that just fits", 3 * (5 * 12 + 12 * 12 + 12), 5, 3
    yield "room for one unit", 12, 1, 4
    yield "room for none", 11, 1, 4
    yield "an LSTM, a few weights too few", 170, 3, 4
    budget, n = (int(number) for number in rng.integers((500, 3), (20_000, 40)))
    yield "numbers drawn for you", budget, n, int(rng.choice([1, 3, 4]))


def units(budget, n, gates):
    m = 1
    while gates * (n * m + m**2 + m) <= budget:
        m += 1
    return m - 1


UNITS = Function(7, units, budgets, mistakes=[
    ("counts one block", edit("gates * ", ""),
     "You counted one block of weights. There are `gates` of them."),
    ("no biases", edit(" + m)", ")"), "Each block has m biases too."),
    ("biases of one block", edit(" + m)", ") + m"),
     "You counted m biases in all. Each block has m of its own."),
    ("at least one", edit("return m - 1", "return max(m - 1, 1)"),
     "Where not even one unit fits you return 1. Return 0."),
    ("strictly fewer", edit("<= budget", "< budget"),
     "*At most* `budget`: a layer that uses it up fits."),
    ("one weight back for each unit", edit("m**2", "m"),
     "From state to state there are m weights for *each* unit, m² in each block."),
    ("recurrent weights and biases once", edit("gates * (n * m + m**2 + m)", "gates * n * m + m**2 + m"),
     "Every block has its own weights from state to state, and its own biases."),
    ("rounds up", lambda budget, n, gates: round(((n + 1) ** 2 / 4 + budget / gates) ** 0.5 - (n + 1) / 2),
     "You rounded to the nearest whole number: a unit that fits only in part does not fit."),
    ("one too many", edit("m - 1", "m"),
     "This is the first m that does not fit any more. The last that fits is asked for."),
    ("divides the plain layer's units", lambda budget, n, gates: units(budget, n, 1) // gates,
     "Four times the blocks is not a quarter of the units: m enters squared."),
    ("no recurrent weights", edit(" + m**2", ""),
     "The weights from state to state are missing: m² in each block."),
    ("two biases for each", edit(" + m)", " + 2 * m)"),
     "Each unit has one bias in a block here, not two."),
    ("the input seen once", edit("gates * (n * m + m**2 + m)", "n * m + gates * (m**2 + m)"),
     "Each block has weights from the input as well."),
    ("one bias for a block", edit(" + m)", " + 1)"),
     "Each *unit* of a block has a bias: m, not 1."),
    ("inputs for states", edit("m**2", "n * m"),
     "Your weights from state to state are n m. The state has m units: m²."),
    ("not whole", lambda budget, n, gates: ((n + 1) ** 2 / 4 + budget / gates) ** 0.5 - (n + 1) / 2,
     "There are no parts of units: round *down*."),
    ("a bound on the search", lambda budget, n, gates: min(units(budget, n, gates), 19),
     "Your search stops too early. How large can m become? A `while` does not have to know."),
])

WHY = Explain(8, rubric=[
    "at σ(0) = 0.5 a gradient on the direct road is halved at every step: next to nothing is left after 40",
    "in copying, only what lies 40 steps back helps, so hardly anything opens the gate",
    "in adding, the second value often lies near the end: it can be learned at once, at short range, and "
    "learning it can open the gates a little further",
    "with both marks early that help is gone, and adding fails as copying does; a larger bias opens the "
    "gates from the start",
])


def ways_through(rng):
    for name, B, n, m, T, size in [
        ("one step from an empty cell", 2, 2, 3, 1, 1.0),
        ("two steps", 2, 3, 2, 2, 1.0),
        ("five steps, full cells", 3, 2, 3, 5, 3.0),
        ("one text, one unit", 1, 1, 1, 4, 1.0),
    ]:
        x, W_x, W_h = (rng.normal(size=shape) for shape in [(B, T, n), (n, 4 * m), (m, 4 * m)])
        b = np.repeat([size - 1, size, 0, 0], m) + rng.normal(size=4 * m)
        yield name, x, *forward(x, W_x, size * W_h, b), size * W_h, rng.normal(size=(B, m))


def forward(x, W_x, W_h, b):
    """States and cells, with the zeros before the first step, and the gates.

    x: (B, T, n) -> two times (T + 1, B, m), (T, 4, B, m)
    """
    B, T, _ = x.shape
    h, c, gates = np.zeros((T + 1, B, len(W_h))), np.zeros((T + 1, B, len(W_h))), []
    for t in range(T):
        i, f, g, o = np.split(x[:, t] @ W_x + h[t] @ W_h + b, 4, axis=-1)
        i, f, g, o = nn.sigmoid(i), nn.sigmoid(f), np.tanh(g), nn.sigmoid(o)
        c[t + 1] = f * c[t] + i * g
        h[t + 1] = o * np.tanh(c[t + 1])
        gates.append([i, f, g, o])
    return h, c, np.array(gates)


def way_back(x, h, c, gates, W_h, dh):
    dW_x, dW_h, db, kept = 0, 0, 0, 0
    for t in reversed(range(len(gates))):
        i, f, g, o = gates[t]
        shown = np.tanh(c[t + 1])
        dc = dh * o * (1 - shown**2) + kept
        parts = dc * g * i * (1 - i), dc * c[t] * f * (1 - f), dc * i * (1 - g**2), dh * shown * o * (1 - o)
        dz = np.concatenate(parts, axis=1)
        dW_x, dW_h, db = dW_x + x[:, t].T @ dz, dW_h + h[t].T @ dz, db + dz.sum(axis=0)
        dh, kept = dz @ W_h.T, dc * f
    return dW_x, dW_h, db


NEW_CELL, RAW_CELL = ("dc * c[t] *", "dc * c[t + 1] *"), ("shown**2", "c[t + 1] ** 2")
NO_ROAD = (" + kept", "")

REPAIR = Function(9, way_back, ways_through, mistakes=[
    ("as it was", edit(*NEW_CELL, *RAW_CELL, *NO_ROAD),
     "All three faults are still there. Begin with the first symptom: one step, an empty cell. Which line "
     "makes the forget gate's gradient, and which cell does a forget gate multiply?"),
    ("the slope and the road", edit(*RAW_CELL, *NO_ROAD),
     "The first is mended. Now a single step with a cell of 2: what does your slope of the tanh give there, "
     "and what should it give?"),
    ("the cell and the road", edit(*NEW_CELL, *NO_ROAD),
     "The slope of the tanh is right now. Look at the first symptom again: which cell does the forget gate "
     "of step t multiply, the one before the step or the one after it?"),
    ("no road along the cell", edit(*NO_ROAD),
     "One step is right, two are not. The cell after step t reaches the loss in two ways: it is shown at "
     "step t, and it is kept for step t + 1. You follow the first. What is the factor on the second, and "
     "which line may compute it?"),
    ("the slope taken at the cell", edit(*RAW_CELL),
     "The road is there. What is left shows in full cells alone: 1 − tanh² is the slope, and you square "
     "something that has not been through the tanh."),
    ("the new cell is forgotten", edit(*NEW_CELL),
     "Only the forget block is wrong now. A forget gate multiplies the cell as it was *before* the step."),
    ("the forget gate's cell and the slope", edit(*NEW_CELL, *RAW_CELL),
     "The road along the cell is there. Two faults are left, and both show within one step. Begin with an "
     "empty cell: which cell does a forget gate multiply?"),
    ("one road for both", edit("dh, kept = dz @ W_h.T, dc * f", "dh = dz @ W_h.T + dc * f"),
     "You add what comes along the cell to the state's gradient, and there it meets the output gate and the "
     "tanh. The cell's road has neither: carry it by itself, and add it to `dc`."),
    ("the wrong step's gate", edit("+ kept", "+ kept * f", "dc * f\n", "dc\n"),
     "The road along the cell is there, with the wrong step's gate. From c[t + 1] to c[t + 2] the factor is "
     "the forget gate of the step between them, the one you met in the round before."),
    ("no gate on the road", edit("kept = dz @ W_h.T, dc * f", "kept = dz @ W_h.T, dc"),
     "The cell's gradient goes back undimmed. On its way it passes the forget gate."),
    ("the last step's share alone", edit("dW_x + x", "x", "dW_h + h", "h", "db + dz", "dz"),
     "You overwrite what later steps have sent. The same weights are used at each step: add."),
    ("the input gate on the road", edit("dc * f\n", "dc * i\n"),
     "The road along the cell is there, with the wrong gate: the input gate decides what is written, the "
     "forget gate what is kept."),
    ("the road without what is shown", edit("dh * o * (1 - shown**2) + kept",
     "(kept if t < len(gates) - 1 else dh * o * (1 - shown**2))"),
     "The road along the cell is there, and what is shown at each step is lost: both reach the cell, and add "
     "up."),
    ("the state's gradient adds up", edit("dh, kept = dz @ W_h.T", "dh, kept = dh + dz @ W_h.T"),
     "The gradient at a state ends in its own step. To the step before goes what passes W_h, and nothing "
     "else: `dh = dz @ W_h.T`."),
    ("the gate before the sum", edit("dc = dh * o * (1 - shown**2) + kept",
     "dc = (dh * o * (1 - shown**2) + kept) * f", "dc * f\n", "dc\n"),
     "You multiply by the forget gate before the gates of this step have had their share. It comes last, "
     "on the way to the step before."),
    ("the cell two steps back", edit("dc * c[t] *", "dc * c[t - 1] *"),
     "One step too far: the forget gate of step t multiplies c[t], where c[0] is the empty cell."),
    ("the slope at the old cell", edit("shown = np.tanh(c[t + 1])", "shown = np.tanh(c[t])"),
     "c[t + 1] is the cell after step t: that is what the output gate shows, and where the slope is "
     "taken."),
    ("the new state", edit("h[t].T", "h[t + 1].T"),
     "W_h met the state *before* the step: h[t]."),
    ("begins with the state's gradient", edit("db, kept = 0, 0, 0, 0", "db, kept = 0, 0, 0, dh"),
     "At the last step nothing comes along the cell yet: the loss reads the state alone."),
    ("the output gate left out", edit("dh * o * (1 - shown**2)", "dh * (1 - shown**2)"),
     "On its way to the cell the state's gradient passes the output gate: o is missing."),
    ("the cell on the road", edit("dc * f\n", "dc * f * c[t]\n"),
     "From c[t + 1] = f c[t] + i g: its derivative with respect to c[t] is f alone."),
    ("a sigmoid's slope for the candidate", edit("(1 - g**2)", "g * (1 - g)"),
     "The candidate went through a tanh: its slope is 1 − g²."),
    ("what the input gate wrote", edit("dc * g * i * (1 - i)", "dc * i * (1 - i)"),
     "The input gate multiplies the candidate: g is missing in its block."),
    ("not squared", edit("shown**2", "shown"),
     "The slope of the tanh is 1 − tanh²: the square is missing."),
    ("the gate's slope on the road", edit("dc * f\n", "dc * f * (1 - f)\n"),
     "f (1 − f) is the slope of the gate. On the road the cell is multiplied by the gate itself."),
    ("the gate of the step after", edit("dc * f\n", "dc * gates[min(t + 1, len(gates) - 1)][1]\n"),
     "The road has the gate of a later step. From c[t] to c[t + 1] it is that of step t."),
], after="Now train with it, at 25 steps. Each fault alone left a network that learns "
         "a little, and only a numeric gradient tells.")


def marked(seed):
    """400 texts of 40 symbols, one of the first eight marked, and which it was; then 300 new ones."""
    rng = np.random.default_rng(seed)
    symbols, place, rows = rng.integers(4, size=(700, 40)), rng.integers(8, size=700), np.arange(700)
    x = np.zeros((700, 40, 5), np.float32)
    x[..., :4] = np.eye(4)[symbols]
    x[rows, place, 4] = 1
    y = symbols[rows, place]
    return x[:400], y[:400], x[400:], y[400:]


def one_in_a_stream(rng):
    seed = int(rng.integers(10**6))
    yield "a stream drawn for you", *marked(seed)[:2], 40, {"seed": seed}


def within_budget(answer, X, y, steps, backward):
    """The weights that `answer` returns when its steps back are counted.

    The last input holds the place of `backward`; from it `recalled` draws new texts, which nobody is to see.
    """
    made = []

    def counted(loss):
        made.append(0)  # not the loss: it would hold all that led to it
        if len(made) > steps:
            raise RuntimeError(f"the budget of {steps} backward passes is used up")
        loss.backward()

    found = answer(X, y, steps, counted)
    if found is None:
        return None
    names = [("W_x", "W_h", "b"), ("W", "b")]
    if not (isinstance(found, tuple | list) and len(found) == 2):
        raise TypeError("train returns two layers: the LSTM, then the linear one")
    for layer, wanted in zip(found, names, strict=True):
        if not all(hasattr(layer, name) for name in wanted):
            raise TypeError(f"train returns the LSTM and the linear layer: one has no {wanted[0]}")
    parts = [getattr(layer, name) for layer, wanted in zip(found, names, strict=True) for name in wanted]
    return [np.array(part if isinstance(part, np.ndarray) else part.data) for part in parts]


def recalled(found, X, y, steps, backward):
    """Has the bar been reached on new texts? If not, what happens to the memory on its way."""
    W_x, W_h, b, W, b_out = found
    _, _, x, truth = marked(backward["seed"])
    h, _, gates = forward(x.astype(float), W_x, W_h, b)
    right = np.mean((h[-1] @ W + b_out).argmax(axis=1) == truth)
    if right >= 0.9:
        return "90 of 100 recalled"
    unmarked = x[:, :, 4].T == 0
    if np.median(gates[8:, 1].prod(axis=0).max(axis=1)) < 0.3:
        return "fewer than 90 of 100 recalled, and what a cell held at step 8 is mostly forgotten at the end"
    if np.median(gates[:, 0][unmarked]) > 0.25:
        return "fewer than 90 of 100 recalled; cells keep, but what is not marked is written too"
    if np.abs(h[-1] @ W).max() < 1 or right < 0.3:
        return "no better than guessing, though the cells keep and let little in"
    return "fewer than 90 of 100 recalled"


class Weights:
    """A layer's weights by name."""

    def __init__(self, **arrays):
        vars(self).update(arrays)


def set_by_hand(X, y, steps, backward):
    """No training: unit k is written when symbol k is marked, and kept."""
    for _ in range(steps):
        backward(NoLoss())
    symbol, no, mark = np.vstack([np.eye(4), np.zeros((1, 4))]), np.zeros((5, 4)), np.zeros((5, 4))
    mark[4] = 20.0
    W_x = np.hstack([mark, no, 6 * symbol, no])
    b = np.repeat([-10.0, 10.0, -3.0, 10.0], 4)
    return Weights(W_x=W_x, W_h=np.zeros((4, 16)), b=b), Weights(W=5 * np.eye(4), b=np.zeros(4))


TRAIN = Function(10, set_by_hand, one_in_a_stream, run=within_budget, measure=recalled,
    allows=("LSTM", "Linear", "Adam", "cross_entropy", "clip_grad_norm"), mistakes=[
    ("forgets on the way", edit("[-10.0, 10.0,", "[-10.0, 0.0,"),
     "Of what a cell holds at step 8 hardly anything is left at step 40, and the gradient fades with it. "
     "How long does a forget gate keep, at the bias you start with? 14.2 has the arithmetic."),
    ("lets everything in", edit("[-10.0, 10.0,", "[1.0, 10.0,"),
     "The cells keep, and that is half of it. But each step writes what it hears, marked or not, and "
     "thirty symbols lie over the one that counts. Which other gate could start in a better place, and "
     "where? (If it starts low already: lower.)"),
    ("has not learned", edit("5 * np.eye(4)", "0 * np.eye(4)"),
     "The gates stand well, and the answers are no better than guesses. Print the loss. If it hardly moves, "
     "the rate is too small: three times as much, and again; if it jumps, it is too large."),
    ("not yet enough", edit("5 * np.eye(4)", "5 * np.eye(4)[[0, 1, 2, 0]] + np.eye(4)[3]"),
     "Near. Is `zero_grad` called before each step? Does the loss still fall when the steps are used up? "
     "Then a larger rate or more texts a step go further. One at a time."),
    ("over budget", edit("range(steps)", "range(steps + 1)"),
     "Every call of `backward` counts. If fewer steps do not suffice, they have to be longer."),
    ("no layers", lambda X, y, steps, backward: y,
     "Return the trained layers themselves, the LSTM and the linear one: the check asks them about texts "
     "that are new."),
], after="Two doors keep a memory: one that stays open for what is inside, one that stays shut against what "
         "is outside. Gradient descent can learn both, if it starts near enough.")
