import numpy as np

from nnlearn.exercises import Explain, Function, Predict, Value, edit
from nnlearn.exercises.budget import NoLoss, within_budget

CHANGED = Predict(1, "none", mistakes=[
    ("a few", "64 of them",
     "64 numbers are added: the new digit's mean. Which of the old ones would a new mean change?"),
    ("everything", "all of them",
     "That is what gradient descent on the new digit would do. Here a mean is all that is learned of a "
     "class."),
], after="Yet an old picture may now be nearer to the new mean: nothing is forgotten, but there is more to "
   "confuse.")

REST = Value(2, (2, 3.4), rtol=0.001, mistakes=[
    ("the middles", (2.5, 2.5),
     "You have weighed both sides alike. The springs are λF stiff, 2 and 0.25; the new task is 1 stiff."),
    ("without λ", (1.6, 3), "You forgot λ: the springs are λF stiff."),
    ("the old place", (1, 1),
     "There the springs do not pull, but the new task does: set the slope of the sum to 0."),
    ("exchanged", (3.4, 2), "You exchanged the two: first the weight with F = 4."),
    ("the chapter's two weights", (1 / 3, 0.8),
     "1 / (1 + λF) is where the chapter's example rests: springs at 0, and a task that pulls to 1. Set the "
     "slope of *this* sum to 0."),
    ("springs towards 0", (4 / 3, 3.2),
     "The springs pull towards w*, not towards 0: their slope is λF(w − w*)."),
    ("half as stiff", (2.5, 11 / 3),
     "The slope of ½λF(w − w*)² is λF(w − w*): differentiating takes the ½ away, in both terms."),
    ("the wrong side", (3, 1.6),
     "Each weight lies nearer to whoever pulls harder. You have turned that round."),
])


def crowd(rng):
    z = rng.normal(size=(9, 3))
    y, q = np.array([0, 0, 0, 0, 1, 1, 2, 2, 2]), rng.normal(size=(5, 3))
    yield "unequal numbers of examples", z, y, q, 3, 9.0
    yield "a class without examples", z[:4], np.array([0, 2, 2, 0]), rng.normal(size=(4, 3)), 3, 50.0
    yield "all too far", z[:2], np.array([0, 1]), 10 + rng.normal(size=(2, 3)), 2, 1.0
    y, q = np.array([1, 0]), np.array([[0.0, 2]])
    yield "one query, on the limit", np.array([[0.0, 0], [4, 0]]), y, q, 2, 4.0
    yield "no query", z[:3], np.array([0, 1, 1]), np.zeros((0, 3)), 2, 1.0
    q = np.array([[0.0, 1.6], [1, 0.9], [0, 1]])
    yield "between the limit and its square", np.zeros((1, 2)), np.array([0]), q, 1, 1.5
    yield "between two", np.array([[0.0], [4]]), np.array([1, 0]), np.array([[2.0]]), 2, 9.0
    corners = np.array([[3.0, 0], [2, 2]])
    lone = np.array([[0.0], [0], [9], [4]])
    yield "one far from its class", lone, np.array([0, 0, 0, 1]), np.array([[2.6]]), 2, 9.0
    yield "a wide class", np.array([[-3.0], [3], [4]]), np.array([0, 0, 1]), np.array([[1.0]]), 2, 20.0
    yield "far in one number, less far in two", corners, np.array([0, 1]), np.zeros((1, 2)), 2, 20.0
    yield "one number each", rng.normal(size=(4, 1)), np.array([3, 1, 1, 3]), rng.normal(size=(6, 1)), 4, 0.5


def nearest(z, y, q, classes, limit):
    answer, best = np.full(len(q), -1), np.full(len(q), np.inf)
    for k in range(classes):
        if (y == k).any():
            far = ((q - z[y == k].mean(axis=0)) ** 2).sum(axis=1)
            closer = (far < best) & (far <= limit)
            answer[closer], best[closer] = k, far[closer]
    return answer


NEAREST = Function(3, nearest, crowd, mistakes=[
    ("a middle, not a mean", edit("z[y == k].mean(axis=0)", "np.median(z[y == k], axis=0)"),
     "You take the median of a class's examples. Asked is their mean."),
    ("a mean of distances", edit("((q - z[y == k].mean(axis=0)) ** 2).sum(axis=1)",
                                 "((q[:, None] - z[y == k]) ** 2).sum(axis=2).mean(axis=1)"),
     "You average the distances to the examples. First take their mean, then one distance to it."),
    ("an angle", edit(
        "((q - z[y == k].mean(axis=0)) ** 2).sum(axis=1)",
        "1 - q @ (m := z[y == k].mean(axis=0)) / (np.sqrt((q**2).sum(axis=1) * (m**2).sum()) + 1e-12)"),
     "You compare directions, by the cosine. Asked is the squared distance."),
    ("sizes of differences", edit("((q - z[y == k].mean(axis=0)) ** 2)", "abs(q - z[y == k].mean(axis=0))"),
     "You add up the sizes of the differences. A squared distance adds up their squares."),
    ("never none", edit("& (far <= limit)", ""),
     "You always answer a class. Farther than the limit it is none: −1."),
    ("the nearest example", lambda z, y, q, classes, limit: (
        lambda d: np.where(d.min(axis=1, initial=np.inf) <= limit, y[d.argmin(axis=1)], -1)
     )(((q[:, None] - z) ** 2).sum(axis=2)),
     "You look for the nearest example. What is asked for is the nearest *mean*."),
    ("length against squared length", edit("(far <= limit)", "(far <= limit**2)"),
     "The limit is one of the squared distance."),
    ("the last of equally near ones", edit("far < best", "far <= best"),
     "Of equally near classes the first is asked for."),
    ("beyond the limit only", edit("far <= limit", "far < limit"),
     "Exactly at the limit it is still that class."),
    ("a class of nobody", edit("if (y == k).any():", "if True:", "z[y == k].mean(axis=0)",
     "z[y == k].sum(axis=0) / max((y == k).sum(), 1)"),
     "A class without an example has no mean, not a mean of 0: never answer it."),
    ("the middle of all numbers", edit("z[y == k].mean(axis=0)", "z[y == k].mean()"),
     "The mean of a class is a vector, d numbers: average over its examples, `axis=0`."),
    ("divided by d", edit(".sum(axis=1)", ".mean(axis=1)"),
     "A squared distance is a *sum* over the d numbers, not their mean."),
    ("the first class for none", edit("np.full(len(q), -1)", "np.full(len(q), 0)"),
     "Farther than the limit is answered by −1; 0 is a class."),
    ("places in a list", lambda z, y, q, classes, limit: (
        lambda d: np.where(d.min(axis=1) <= limit, d.argmin(axis=1), -1)
     )(((q[:, None] - np.array([z[y == k].mean(axis=0) for k in np.unique(y)])) ** 2).sum(axis=2)),
     "You answer with a place among the classes that have examples. Asked for is the class itself."),
    ("a mean of nothing", lambda z, y, q, classes, limit: (
        lambda d: np.where(d.min(axis=1) > limit, -1, d.argmin(axis=1))
     )(((q[:, None] - np.array([
         z[y == k].mean(axis=0) if (y == k).any() else np.full(z.shape[1], np.nan) for k in range(classes)
     ])) ** 2).sum(axis=2)),
     "The mean of no example is NaN, and argmin takes a NaN for the smallest. Leave such a class out."),
    ("the farthest", edit("(far < best)", "((best == np.inf) | (far > best))"),
     "You keep the farthest. The nearest is asked for."),
])


def stream(rng):
    yield "a class that is known", rng.normal(size=(3, 4)), np.array([5, 1, 2]), rng.normal(size=4), 0
    yield "the first of its class", np.zeros((2, 3)), np.array([4, 0]), rng.normal(size=3), 1
    yield "the second", rng.normal(size=(2, 1)), np.array([1, 9]), rng.normal(size=1), 0
    mean = rng.normal(size=(2, 2))
    yield "a mean that was never used, not zero", mean, np.array([0, 3]), rng.normal(size=2), 0


def learn(mean, count, z, k):
    mean, count = mean.copy(), count.copy()
    count[k] += 1
    mean[k] += (z - mean[k]) / count[k]
    return mean, count


LEARN = Function(4, learn, stream, outputs="mean count", mistakes=[
    ("whole numbers", edit("mean.copy()", "mean.astype(int)", "mean[k] +=", "mean[k] = mean[k] +"),
     "Your means are whole numbers: what is assigned to an array of `int` loses its fraction."),
    ("the row alone", lambda mean, count, z, k: (
        learn(mean, count, z, k)[0][k], learn(mean, count, z, k)[1][k]),
     "You return what belongs to class k alone. Return both arrays, the other classes as they were."),
    ("mostly the old", edit("mean[k] += (z - mean[k]) / count[k]",
                            "mean[k] = z if count[k] == 1 else 0.9 * mean[k] + 0.1 * z"),
     "Yours is a moving average: earlier examples fade. In the mean each counts alike, 1 / count."),
    ("never divided", edit("mean[k] += (z - mean[k]) / count[k]", "mean[k] = mean[k] * (count[k] - 1) + z"),
     "Your row is the *sum* of the examples. Divide it by the new count."),
    ("the example added", edit("mean[k] += (z - mean[k]) / count[k]", "mean[k] += z"),
     "You add the example to the *mean*. It stands for `count[k]` examples: move it towards z, by the new "
     "one's share."),
    ("all examples", edit("/ count[k]", "/ count.sum()"),
     "You divide by the examples of all classes. Those of class k alone count here."),
    ("everybody, each by its count", lambda mean, count, z, k: (
        mean + (z - mean) / np.maximum(learn(mean, count, z, k)[1], 1)[:, None], learn(mean, count, z, k)[1]),
     "All means move in yours. z belongs to class k: row k alone changes."),
    ("halfway", edit("/ count[k]", "/ 2"),
     "Halfway to the newest example: the earlier ones would count less and less. Each is to count alike."),
    ("the old count", edit("(z - mean[k]) / count[k]", "(z - mean[k]) / max(count[k] - 1, 1)"),
     "Divide by the number of examples that includes the new one."),
    ("a sum", edit("(z - mean[k]) / count[k]", "z / count[k]"),
     "The old mean has to shrink as the new example comes in."),
    ("counted twice", edit("/ count[k]", "/ (count[k] + 1)"),
     "Count the new example once: after `count[k] += 1` it is already in the number."),
    ("the old mean as one example", edit("mean[k] += (z - mean[k]) / count[k]",
     "mean[k] = (mean[k] + z) / count[k]"),
     "The old mean stands for all examples so far: weigh it by their number."),
    ("away from it", edit("(z - mean[k])", "(mean[k] - z)"), "The mean moves *towards* the new example."),
    ("all counts", edit("count[k] += 1", "count += 1"),
     "One example of class k came: its count alone grows."),
    ("everybody", edit("mean[k] += (z - mean[k]) / count[k]", "mean += (z - mean) / count[k]"),
     "You move the means of all classes. That would be forgetting."),
    ("not counted", edit("count[k] += 1", "count[k] += 0", "/ count[k]", "/ (count[k] + 1)"),
     "The mean is right; the count has to grow as well."),
])


def arrivals(rng):
    def places(n):
        return np.array([rng.integers(k + 1) for k in range(n)])

    yield "a long stream", np.arange(30) * 10, 4, places(30)
    yield "shorter than the memory", np.array([7, 3]), 5, places(2)
    yield "just full", np.array([7, 3, 8]), 3, places(3)
    yield "a memory of one", np.arange(8), 1, places(8)
    yield "nothing came", np.zeros(0, int), 3, np.zeros(0, int)
    yield "the last one replaces", np.array([1, 2, 3]), 2, np.array([0, 0, 0])
    yield "the last two replace", np.array([1, 2, 3, 4]), 2, np.array([0, 0, 0, 1])
    yield "the last one goes", np.array([1, 2, 3]), 2, np.array([0, 0, 2])
    yield "no memory", np.array([1, 2]), 0, np.array([0, 0])


def reservoir(stream, size, drawn):
    kept: list[int] = []
    for k in range(len(stream)):
        if len(kept) < size:
            kept.append(stream[k])
        elif drawn[k] < size:
            kept[drawn[k]] = stream[k]
    return np.array(kept, dtype=int)


def drawn_for_all(stream, size, drawn):
    kept = stream[:size].copy()
    for k in range(len(stream)):
        if drawn[k] < len(kept):
            kept[drawn[k]] = stream[k]
    return kept


def in_turn(stream, size, drawn):
    kept = stream[:size].copy()
    for k in range(size, len(stream)):
        if size:
            kept[k % size] = stream[k]
    return kept


RESERVOIR = Function(5, reservoir, arrivals, mistakes=[
    ("grows on", edit("kept[drawn[k]] = stream[k]", "kept.append(stream[k])"),
     "Your memory grows beyond `size`. A new example takes the place of another: `kept[drawn[k]] = …`."),
    ("all but the last", edit(
        "range(len(stream))", "range(max(min(size, len(stream)), len(stream) - 1))"),
     "You leave out the last arrival: `range` ends before its end."),
    ("draws for the first, too", drawn_for_all,
     "Some of the first `size` arrivals replace others in yours. They are kept at the next free place; "
     "their draws mean nothing."),
    ("one place after the other", in_turn,
     "You replace one place after the other. Which one, and whether at all, says `drawn[k]`."),
    ("numbers, all of them", edit("kept.append(stream[k])", "kept.append(k)",
                                  "kept[drawn[k]] = stream[k]", "kept[drawn[k]] = k"),
     "You keep the arrivals' numbers k. Keep what arrived: `stream[k]`."),
    ("filled up", edit("return np.array(kept, dtype=int)",
                       "return np.array([*kept, *[0] * (size - len(kept))], dtype=int)"),
     "Where fewer came than there is room for you fill up with zeros. Return those that came."),
    ("taken out, and appended", edit("kept[drawn[k]] = stream[k]",
                                     "kept.pop(drawn[k]), kept.append(stream[k])"),
     "You take out the one at the place drawn, and append the newcomer: all behind it move up. It comes to "
     "that very place, `kept[drawn[k]] = …`."),
    ("pushed aside", edit("kept[drawn[k]] = stream[k]", "kept.insert(drawn[k], stream[k]), kept.pop()"),
     "You push the others aside, and the last one out. The one at the place drawn is replaced; all others "
     "stay."),
    ("the newest", lambda stream, size, drawn: stream[max(len(stream) - size, 0):],
     "You keep the newest. The oldest tasks would be gone."),
    ("the oldest", lambda stream, size, drawn: stream[:size],
     "You keep the first ones. Later tasks would never be replayed."),
    ("always replaced", edit("elif drawn[k] < size:", "elif size:", "kept[drawn[k]]",
     "kept[drawn[k] % size]"),
     "Not every arrival is kept: only if the place drawn is one of the memory's."),
    ("also at the border", edit("elif drawn[k] < size:", "elif drawn[k] <= size:", "kept[drawn[k]]",
     "kept[min(drawn[k], size - 1)]"),
     "Places go from 0 to size − 1: one drawn at `size` lies outside."),
    ("appended", edit("kept[drawn[k]] = stream[k]", "kept.append(kept.pop(drawn[k]))"),
     "The example at the place drawn is *replaced* by the new one."),
    ("numbers instead of examples", edit("kept[drawn[k]] = stream[k]", "kept[drawn[k]] = k"),
     "You keep the arrival's number. Keep what arrived: `stream[k]`."),
    ("draws from the beginning", edit("elif drawn[k] < size:", "elif drawn[k - size] < size:",
     "kept[drawn[k]]",
     "kept[drawn[k - size]]"),
     "Arrival k draws `drawn[k]`; the draws of the first `size` arrivals are passed over."),
    ("the first is passed over", edit("elif drawn[k] < size:", "elif k > size and drawn[k] < size:"),
     "Arrival number `size` is the first that may replace another."),
    ("places from 1 on", edit("elif drawn[k] < size:", "elif drawn[k] <= size > 0:", "kept[drawn[k]]",
                              "kept[drawn[k] - 1]"),
     "Places count from 0, in the draws as in the memory: place `drawn[k]` is `kept[drawn[k]]`."),
    ("the oldest goes", edit("kept[drawn[k]] = stream[k]", "kept = [*kept[1:], stream[k]]"),
     "You let the oldest go, and append. The newcomer replaces the one at the place drawn, `drawn[k]`."),
    ("the last place is safe", edit("elif drawn[k] < size:", "elif drawn[k] < size - 1:"),
     "Places go from 0 to size − 1: the last of them can be drawn, too."),
    ("replaces too early", edit("if len(kept) < size:", "if len(kept) < size and drawn[k] == k:",
     "elif drawn[k] < size:", "elif drawn[k] < len(kept):"),
     "While there is room every arrival is kept, wherever its place was drawn."),
    ("replaces while there is room", edit(
        "if len(kept) < size:", "if len(kept) < size and drawn[k] >= len(kept):",
        "elif drawn[k] < size:", "elif drawn[k] < len(kept):"),
     "Yours replaces while there is room. Every arrival is kept then, at the next free place, wherever its "
     "place was drawn."),
])


def couples(rng):
    yield "a batch", *rng.normal(size=(2, 5, 3)), 0.1
    yield "a batch of one", *rng.normal(size=(2, 1, 3)), 0.5
    yield "long rows", *(20 * rng.normal(size=(2, 4, 6))), 0.2
    yield "tall", *rng.normal(size=(2, 7, 2)), 1.0


def mended(a, b, temperature):
    a = a / np.sqrt((a**2).sum(axis=1, keepdims=True))
    b = b / np.sqrt((b**2).sum(axis=1, keepdims=True))
    s = a @ b.T / temperature
    s = s - s.max()
    rows = np.log(np.exp(s).sum(axis=1)) - np.diag(s)
    columns = np.log(np.exp(s).sum(axis=0)) - np.diag(s)
    return (rows.mean() + columns.mean()) / 2


LENGTH = ("(b**2).sum(axis=1, keepdims=True)", "(b**2).sum(axis=0, keepdims=True)")
TIMES = ("a @ b.T / temperature", "a @ b.T * temperature")
ONE_WAY = ("(rows.mean() + columns.mean()) / 2", "rows.mean()")

def among_the_others(a, b, temperature):
    a, b = (c / np.sqrt((c**2).sum(axis=1, keepdims=True)) for c in (a, b))
    s = a @ b.T / temperature
    with np.errstate(all="ignore"):
        e = np.exp(s) * (1 - np.eye(len(s)))
        return ((np.log(e.sum(axis=1)) + np.log(e.sum(axis=0))) / 2 - np.diag(s)).mean()


REPAIR = Function(6, mended, couples, mistakes=[
    ("means in the logarithm", edit("np.exp(s).sum(axis=1)", "np.exp(s).mean(axis=1)",
                                    "np.exp(s).sum(axis=0)", "np.exp(s).mean(axis=0)"),
     "Under the logarithm stands the *sum* over all pairs, not their mean."),
    ("among themselves", lambda a, b, temperature: (
        mended(a, a, temperature) + mended(b, b, temperature)) / 2,
     "You compare rows of a with rows of a, and b with b. The pairs are rows of a with rows of b."),
    ("one length for all", edit("(a**2).sum(axis=1, keepdims=True)", "(a**2).sum()",
                                "(b**2).sum(axis=1, keepdims=True)", "(b**2).sum()"),
     "You divide by the length of the whole array. Each row has its own: `axis=1`."),
    ("among the others alone", among_the_others,
     "Your sums leave out the pair itself. In the denominator it stands among all the others."),
    ("by squared lengths", edit("np.sqrt((a**2).sum(axis=1, keepdims=True))", "(a * a).sum(1)[:, None]",
                                "np.sqrt((b**2).sum(axis=1, keepdims=True))", "(b * b).sum(1)[:, None]"),
     "You divide by the *squared* lengths. Take their roots."),
    ("as it was", edit(*LENGTH, *TIMES, *ONE_WAY),
     "All three faults are still there: one of lengths, one of temperature, one of what is asked."),
    ("lengths", edit(*LENGTH),
     "One fault is left: b is divided along the wrong axis. Each *row* gets length 1."),
    ("one softmax over all", edit(
        "rows = np.log(np.exp(s).sum(axis=1))", "rows = np.log(np.exp(s).sum())", *ONE_WAY),
     "Your softmax runs over all pairs at once. Each row chooses among its n columns, each column among its "
     "n rows: sum along one axis."),
    ("temperature", edit(*TIMES),
     "One fault is left: a low temperature makes differences larger, so divide by it."),
    ("one way", edit(*ONE_WAY), "One fault is left: names have to find their pictures, too."),
    ("lengths and temperature", edit(*LENGTH, *TIMES),
     "Both ways are asked now. Two faults are left, in lengths and temperature."),
    ("temperature and one way", edit(*TIMES, *ONE_WAY), "The lengths are right now. Two faults are left."),
    ("lengths and one way", edit(*LENGTH, *ONE_WAY), "The temperature is right now. Two faults are left."),
    ("no lengths", edit("a / np.sqrt((a**2).sum(axis=1, keepdims=True))", "a",
     "b / np.sqrt((b**2).sum(axis=1, keepdims=True))", "b"),
     "Products of rows are cosines only after each row has been divided by its length."),
    ("the other way only", edit("(rows.mean() + columns.mean()) / 2", "columns.mean()"),
     "Now names find their pictures; pictures have to find their names, too."),
    ("a sum over the batch", edit("(rows.mean() + columns.mean()) / 2", "(rows.sum() + columns.sum()) / 2"),
     "Over the batch, too, it is a mean."),
    ("a sum of both", edit("(rows.mean() + columns.mean()) / 2", "rows.mean() + columns.mean()"),
     "It is the mean of both ways, not their sum."),
])


def histories(rng):
    yield "five tasks", rng.random((5, 5)), 0.1
    yield "two tasks", np.array([[0.9, 0.5], [0.6, 0.8]]), 0.5
    yield "one task only", np.array([[0.7]]), 0.5
    yield "old tasks improve", np.array([[0.5, 0.2, 0.1], [0.6, 0.5, 0.3], [0.8, 0.7, 0.5]]), 0.2


def transfer(R, chance):
    T = len(R)
    if T < 2:
        return 0.0, 0.0
    backward = [R[-1, k] - R[k, k] for k in range(T - 1)]
    forward = [R[k - 1, k] - chance for k in range(1, T)]
    return float(np.mean(backward)), float(np.mean(forward))


TRANSFER = Function(7, transfer, histories, outputs="backward forward", mistakes=[
    ("the next task alone", edit("R[-1, k] - R[k, k]", "R[k + 1, k] - R[k, k]"),
     "You look only one task ahead. Compare with the accuracy at the *end*, the last row."),
    ("divided by all", edit("float(np.mean(forward))", "float((sum(forward) + R[-1, 0] - chance) / T)"),
     "In forward transfer the first task is left out: before it there is no row (−1 is the last)."),
    ("all rows for columns", edit("R[-1, k] - R[k, k]", "R[k, -1] - R[k, k]", "R[k - 1, k]", "R[k, k - 1]"),
     "Rows and columns are exchanged in both: row t is after task t, column k is of task k."),
    ("long before", edit("[R[k - 1, k] - chance for k in range(1, T)]",
                         "[R[t, k] - chance for k in range(1, T) for t in range(k)]"),
     "You average over every time before a task is learned. Only *just* before counts, row k − 1."),
    ("forgetting", edit("R[-1, k] - R[k, k]", "R[k, k] - R[-1, k]"),
     "That is a kind of forgetting. Backward transfer is positive where old tasks *improve*."),
    ("the last task too", edit("for k in range(T - 1)]", "for k in range(T)]"),
     "The last task has no later one: leave it out."),
    ("the best ever", edit("R[-1, k] - R[k, k]", "R[-1, k] - R[:, k].max()"),
     "Compare with the accuracy right after the task was learned, not with the best."),
    ("turned round", edit("R[k - 1, k]", "R[k, k - 1]"),
     "Row t is after task t: before task k was learned, its accuracy stands in row k − 1."),
    ("after it was learned", edit("R[k - 1, k]", "R[k, k]"),
     "Forward transfer is what helps *before* task k has been learned."),
    ("before anything", edit("R[k - 1, k]", "R[0, k]"),
     "Just before task k is after task k − 1, not after the first task."),
    ("rows for columns", edit("R[-1, k] - R[k, k]", "R[k, -1] - R[k, k]"),
     "Row t is after task t: the end is the last *row*."),
    ("exchanged", edit("float(np.mean(backward)), float(np.mean(forward))",
     "float(np.mean(forward)), float(np.mean(backward))"), "You exchanged the two: backward transfer first."),
    ("sums", edit("np.mean(backward)", "np.sum(backward)", "np.mean(forward)", "np.sum(forward)"),
     "Means are asked for, not sums."),
    ("over all tasks", edit("np.mean(backward)", "np.sum(backward) / T", "np.mean(forward)",
     "np.sum(forward) / T"),
     "One task is left out of each mean: divide by the number of the others."),
    ("without chance", edit(" - chance", ""), "Blind guessing is no transfer: subtract it."),
    ("one task", edit("if T < 2:", "if False:"), "With one task only there is nothing to transfer: 0 and 0."),
])


def races(seed, classes, copies, d=24, useful=6):
    """Classes that differ in a few directions; in the others examples differ more than classes do."""
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(d, d)))[0]  # the same for all classes
    rng = np.random.default_rng([seed, classes])
    within, between = np.where(np.arange(d) < useful, 0.5, 4.0), np.where(np.arange(d) < useful, 2.0, 0.0)
    means = between * rng.normal(size=(classes, 1, d))
    return ((means + within * rng.normal(size=(classes, copies, d))) @ turn.T).astype(np.float32)


def school(rng):
    seed = int(rng.integers(10**6))
    yield "classes drawn for you", races(seed, 40, 20), 200, {"seed": seed}


def recognised(W, X, steps, backward):
    """Has the bar been reached, on classes that were not there?"""
    W = np.asarray(W, float)
    if W.ndim == 3:
        return "embedded examples"
    if W.ndim != 2 or W.shape[0] != X.shape[2]:
        return "another number of rows"
    if not np.isfinite(W).all():
        return "numbers that are not finite"
    new = races(backward["seed"], 200, 4) @ W
    right = []
    for k in range(0, 200, 10):
        c, q = new[k : k + 10, 0], new[k : k + 10, 1:].reshape(30, -1)
        far = ((q[:, None] - c) ** 2).sum(axis=2)
        right.append((far.argmin(axis=1) == np.repeat(np.arange(10), 3)).mean())
    if np.mean(right) >= 0.8:
        return "at least 80 % of new classes"
    return "better than as it comes" if np.mean(right) > 0.3 else "no better than the numbers as they come"


def whiten(X, steps, backward):
    for _ in range(steps):
        backward(NoLoss())
    spread = (X - X.mean(axis=1, keepdims=True)).reshape(-1, X.shape[2]).astype(float)
    size, axes = np.linalg.eigh(spread.T @ spread / len(spread))
    return axes / size


def half_whitened(X):
    spread = (X - X.mean(axis=1, keepdims=True)).reshape(-1, X.shape[2]).astype(float)
    size, axes = np.linalg.eigh(spread.T @ spread / len(spread))
    return axes / size**0.25


def one_too_many(X, steps, backward):
    for _ in range(steps + 1):
        backward(NoLoss())
    return whiten(X, 0, backward)


TRAIN = Function(8, whiten, school, run=within_budget, measure=recognised,
    allows=("Linear", "Tensor", "matmul", "cross_entropy", "SGD", "Adam", "AdamW"),
    mistakes=[
    ("as it comes", lambda X, steps, backward: np.eye(X.shape[2]),
     "It is no better than the numbers as they come. Does the loss fall? If not: are the steps long enough, "
     "and do *near* prototypes get the large scores? If it does: is it the loss of queries among prototypes, "
     "of other classes in every step, and is the same W used for both?"),
    ("half of the way", lambda X, steps, backward: half_whitened(X),
     "It has learned something, and needs more. Do the labels stand in the order of the queries? Are all 200 "
     "steps used, with a large enough rate, and many classes in every batch? Has W columns enough for all "
     "directions in which classes differ?"),
    ("runs away", lambda X, steps, backward: np.full((X.shape[2], 6), np.nan),
     "W has run away: the steps are too long. Squared distances are large numbers here. Scale them down, or "
     "take a smaller rate."),
    ("over budget", one_too_many, "Each call of `backward` counts, and there are 200 of them."),
    ("the examples embedded", lambda X, steps, backward: X @ whiten(X, 0, backward),
     "You return embedded examples. Asked is W itself, which is to embed others."),
    ("turned", lambda X, steps, backward: whiten(X, 0, backward)[:5],
     "Return W with a row for each of the 24 numbers, and as many columns as you like."),
], after="What was learned is not the classes: it is what may vary within one.")

PHONE = Explain(9, rubric=[
    "in which setting: is the new user or word told apart beforehand, or is it one of all?",
    "what of the old is measured again, after each update, and in a table (task by task)?",
    "simple rivals with the same data: nearest means on fixed features, smaller steps, a few stored "
    "recordings",
    "several runs, people or words that nobody has chosen by, and what storing recordings costs in privacy",
])
