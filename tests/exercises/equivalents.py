"""Mutations of a solution that are no different from it: {exercise: {mutated line: why}}."""

# ruff: noqa: E501  (a line of a solution is as long as it is)

EQUIVALENT = {
    "01.2": {
        "w, b = np.array([-1.0, 2.0]), 0.5": "another line that parts the same four points",
    },
    "01.6": {
        "fires = R * I >= climb": "at the rheobase the climb is infinite, and 1000 / inf is 0 as well",
    },
    "01.8": {
        "outputs = x @ w.T + b <= 0  # (M, N)": "every gate turned round: as many gates",
    },
    "02.3": {
        "a = float((x @ w) + b > 0)": "w · x = x · w for two vectors",
    },
    "02.6": {
        "error = label - float((x @ w) + b > 0)": "w · x = x · w for two vectors",
    },
    "02.7": {
        "t = 2 // y - 1": "NumPy makes 2 // 0 a 0 for whole numbers, and 2 // 1 is 2",
    },
    "02.8": {
        "error = label - float((x @ w) + b > 0)": "w · x = x · w for two vectors",
    },
    "03.5": {
        "return 1 / np.linalg.eigvalsh((X1 @ X1.T) / len(X))[-1]": "X Xᵀ and Xᵀ X have the same largest eigenvalue",
    },
    "03.6": {
        "return raw, b - (raw @ X.mean(axis=0))": "w · x = x · w for two vectors",
    },
    "04.7": {
        "W2, b2 = np.array([[1.0], [- 3.0]]), np.array([0.0])": "takes more away for 11 than it must",
    },
    "04.9": {
        "places = +b[bends] / w[bends]": "mirrored at zero: as many places, the same units at each",
        "places = b[bends] / w[bends]": "mirrored at zero: as many places, the same units at each",
        "return 1 + sum(abs(changes[places == t].sum()) >= 1e-9 for t in np.unique(places))": "no change is exactly 1e-9",
        "return 1 + sum(abs((changes[places == t].mean())) > 1e-9 for t in np.unique(places))": "a mean is zero where its sum is",
    },
    "05.8": {
        "sigma = np.where(z > 0, 1, e) / (1 + e)": "at z = 0 both fractions are 1/2",
    },
    "05.9": {
        "low, high = 0.2, 41.0": "another bracket, as near after so many halvings",
        "low, high = 0.2, 39.0": "another bracket, as near after so many halvings",
        "if share_left(middle) <= 1:": "no share is exactly 1",
        "for _ in (range(budget - 1)):": "a step fewer is near enough",
    },
    "06.2": {
        "surprise = -np.log([0.8, 0.8, 1 % 0.9]).mean()": "1 less 0.9 is what 0.9 leaves of 1",
    },
    "06.3": {
        "inside = (np.clip(-low, r, high))": "min(max(−low, r), high), as the other way round",
    },
    "06.9": {
        "return np.mean(np.where(short >= 0, q * short, (q - 1) * short))": "nothing short costs nothing either way",
    },
    "06.11": {
        "return (np.clip(-limit, r, limit))  # Huber's, with a corner that the errors themselves set": "min(max(−limit, r), limit), as the other way round",
    },
    "07.6": {
        "g = (np.ones(x.shape))": "every entry is written over",
    },
    "07.10": {
        "params = [rng.normal(size=(2, 16)), (np.ones(16)), rng.normal(size=(16, 2)), np.zeros(2)]": "another start that trains, and that is what is asked",
        "params = [rng.normal(size=(2, 16)), np.zeros(16), rng.normal(size=(16, 2)), (np.ones(2))]": "another start that trains, and that is what is asked",
        "rows = order[start : start - B]": "another way that trains, and that is what is asked",
        "rows = order[start : start * B]": "another way that trains, and that is what is asked",
        "rows = order[start : start ** B]": "another way that trains, and that is what is asked",
        "params = [p - lr % d for p, d in zip(params, slopes, strict=True)]": "another way that trains, and that is what is asked",
        "for start in range( 1, len(X), B):": "another way that trains, and that is what is asked",
        "for start in range( -1, len(X), B):": "another way that trains, and that is what is asked",
        "for _ in (range(epochs - 1)):": "another way that trains, and that is what is asked",
        "for start in (range(0, B, len(X))):": "another way that trains, and that is what is asked",
        "for start in (range(0, len(X), B - 1)):": "another way that trains, and that is what is asked",
        "params = [(lr * d - p) for p, d in zip(params, slopes, strict=True)]": "all signs turned at every step: tanh is odd",
    },
    "08.5": {
        "while g.ndim != len(shape):": "g never has fewer axes than the shape",
    },
    "08.7": {
        "for k in range(len(tape) - 1, not 1, -1):": "the first entry has no inputs to send to",
        "for k in range(len(tape) - 1, - 0, -1):": "the first entry has no inputs to send to",
    },
    "09.3": {
        "limit = 2 / np.linalg.eigvalsh(np.array([[3.0, 2.0], [1.0, 3.0]])).max()": "`eigvalsh` reads the lower triangle alone",
        "limit = 2 / np.linalg.eigvalsh(np.array([[3.0, 0.0], [1.0, 3.0]])).max()": "`eigvalsh` reads the lower triangle alone",
    },
    "09.4": {
        "times = 1 / np.sqrt(1 % 0.9)": "1 less 0.9 is what 0.9 leaves of 1",
    },
    "09.6": {
        "factor = max_norm / norm if norm >= max_norm else 1.0": "of equal lengths the quotient is 1",
    },
    "10.3": {
        "deviation = np.where(deviation <= 0, 1, deviation)": "a deviation is never negative",
    },
    "10.6": {
        "ill, alarm = truth >= 1, guess == 1": "labels are 0 and 1",
        "ill, alarm = truth == 1, guess >= 1": "labels are 0 and 1",
    },
    "10.10": {
        "apart = abs(A[t == 1].mean(axis=0) + A[t == 0].mean(axis=0))": "chooses in another way, without a leak: that is what is asked",
        "apart = abs(A[t == 1].mean(axis=0) * A[t == 0].mean(axis=0))": "chooses in another way, without a leak: that is what is asked",
        "apart = abs(A[t == 1].mean(axis=0) % A[t == 0].mean(axis=0))": "chooses in another way, without a leak: that is what is asked",
        "apart = abs(A[t <= 1].mean(axis=0) - A[t == 0].mean(axis=0))": "chooses in another way, without a leak: that is what is asked",
        "apart = abs(A[t == 1].mean(axis=0) - A[t <= 0].mean(axis=0))": "chooses in another way, without a leak: that is what is asked",
        "right = np.mean((Z[valid] @ w > 0) <= y[valid])": "chooses in another way, without a leak: that is what is asked",
        "apart = abs(A[t >= 1].mean(axis=0) - A[t == 0].mean(axis=0))": "chooses in another way, without a leak: that is what is asked",
        "apart = abs(A[t == 1].mean(axis=0) - A[t >= 0].mean(axis=0))": "chooses in another way, without a leak: that is what is asked",
        "right = np.mean((Z[valid] @ w >= 0) == y[valid])": "chooses in another way, without a leak: that is what is asked",
        "best, classes = right, Z[test] @ w >= 0": "chooses in another way, without a leak: that is what is asked",
        "columns, best = np.argsort(-apart), not 1.0": "chooses in another way, without a leak: that is what is asked",
        "columns, best = np.argsort(-apart), - 2.0": "chooses in another way, without a leak: that is what is asked",
        "columns, best = np.argsort(-apart), - 0.0": "chooses in another way, without a leak: that is what is asked",
        "for k in (1, 3, 9, 20):": "chooses in another way, without a leak: that is what is asked",
        "for _ in range( 11):": "chooses in another way, without a leak: that is what is asked",
        "X = ((X[train].mean(axis=0) - X)) / X[train].std(axis=0)": "chooses in another way, without a leak: that is what is asked",
        "apart = abs((A[t == 0].mean(axis=0) - A[t == 1].mean(axis=0)))": "chooses in another way, without a leak: that is what is asked",
        "right = (np.sum((Z[valid] @ w > 0) == y[valid]))": "chooses in another way, without a leak: that is what is asked",
        "apart = abs((A[t == 1].sum(axis=0)) - A[t == 0].mean(axis=0))": "chooses in another way, without a leak: that is what is asked",
        "apart = abs(A[t == 1].mean(axis=0) - (A[t == 0].mean()))": "chooses in another way, without a leak: that is what is asked",
        "apart = abs(A[t == 1].mean(axis=0) - (A[t == 0].sum(axis=0)))": "chooses in another way, without a leak: that is what is asked",
    },
    "11.4": {
        "return W * np.maximum(1 - amount / np.where(length <= 0, 1, length), 0)": "a length is never negative",
        "return W * np.maximum(1 - amount / np.where(length == 0, 2, length), 0)": "a length of 0 is that of weights of 0",
    },
    "11.9": {
        "if k % every <= 0:": "a remainder is never negative",
        "if value <= lowest:": "of two equally low ones either will do",
    },
    "12.10": {
        "paper = np.pad(x, [(0, 1), (0, 0), (H, H), (W, W)])  # nothing but zeros around it": "a picture more, which nobody looks at",
    },
    "13.5": {
        "chosen = (np.take_along_axis(log_p, ids[..., None]))": "the last axis is the default of a NumPy new enough",
    },
    "13.8": {
        "last = (t + 1) % k <= 0 or t + 1 == g.shape[1]  # of its chunk": "a remainder is never negative",
        "last = (t + 1) % k == 0 or t + 1 >= g.shape[1]  # of its chunk": "there is no place after the last",
        "dz = (np.ones_like(g))": "every entry is written over",
    },
    "13.10": {
        "h = np.zeros((len(x), len(params[ 2])))  # once": "as many biases as units",
    },
    "14.2": {
        "bias = np.log(f / (1 % f))": "1 less f is what f leaves of 1",
        "bias = np.log(f // (1 - f))": "143 for 143.8: the same to the digits asked",
    },
    "14.3": {
        "i, f, g, o = np.split(x @ W_x + h @ W_h + b, 4, axis=+1)": "of two axes, 1 is the last",
        "i, f, g, o = np.split(x @ W_x + h @ W_h + b, 4, axis=1)": "of two axes, 1 is the last",
    },
    "14.4": {
        "a_r, a_z, a_n = np.split(x @ W_x + b, 3, axis=1)": "of two axes, 1 is the last",
        "a_r, a_z, a_n = np.split(x @ W_x + b, 3, axis=+1)": "of two axes, 1 is the last",
        "W_r, W_z, W_n = np.split(W_h, 3, axis=1)": "of two axes, 1 is the last",
        "W_r, W_z, W_n = np.split(W_h, 3, axis=+1)": "of two axes, 1 is the last",
    },
    "14.7": {
        "m = -1": "no units need no numbers: the first step is always taken",
    },
    "15.4": {
        "return e / np.where(total != 0, total, 1) @ v": "a sum of exponentials is never negative",
        "scores = np.where(visible, scores, - 1000000001.0)": "as far below every score",
        "scores = np.where(visible, scores, - 999999999.0)": "as far below every score",
        "return e / np.where(total > 1, total, 1) @ v": "the largest score alone gives e⁰ = 1",
        "return e / np.where(total > 0, total, 2) @ v": "0 divided by anything",
    },
    "15.10": {
        "order = np.where(t < blanks, t, blanks % S - 1 - t)": "S less, counted from the end",
        "blanks = (x <= 0).sum(axis=1)[:, None]": "no sign is below 0",
        "return (np.take_along_axis(x, order))": "the last axis is the default of a NumPy new enough",
    },
    "15.13": {
        "scores = np.where(np.tri(T, dtype=bool), q @ k.swapaxes(2, 3) / np.sqrt(C / heads), -1e9)": "heads divide C",
        "scores = np.where(np.tri(T, dtype=bool), q @ k.swapaxes(2, 3) / np.sqrt(C // heads), - 1000000001.0)": "as far below every score",
        "scores = np.where(np.tri(T, dtype=bool), q @ k.swapaxes(2, 3) / np.sqrt(C // heads), - 999999999.0)": "as far below every score",
        "scores = np.where((np.tri(T)), q @ k.swapaxes(2, 3) / np.sqrt(C // heads), -1e9)": "1 counts as true",
    },
    "16.3": {
        "bits = min(3.0 / 3.6, 1.95) / np.log(2)": "the other is smaller",
    },
    "16.5": {
        "while i != len(ids):": "i never steps beyond the end",
        "if i + 1 != len(ids) and ids[i] == pair[0] and ids[i + 1] == pair[1]:": "i never steps beyond the end",
    },
    "16.7": {
        "surprise = +np.log2(np.maximum(p, 1e-300))": "a distance has no sign",
        "surprise = np.log2(np.maximum(p, 1e-300))": "a distance has no sign",
        'order = np.argsort(np.abs(((p * surprise).sum() - surprise)), kind="stable")': "a distance has no sign",
        "order = (np.argsort(np.abs(surprise - (p * surprise).sum())))": "so few are sorted stably anyway",
    },
    "16.10": {
        "while good != n and drafted[good] == best[good]:": "no more than n can be right",
    },
    "17.7": {
        "real = (ids > 0)[:, :, None]": "no token is below 0",
    },
    "17.9": {
        "if now <= lowest:": "of two equally low ones either will do",
    },
    "18.4": {
        "counts = (np.bincount(distance.argmin(axis=1)[near]))": "centres after the last one met have no sample",
        "distance = np.sqrt((((centres - samples[:, None])) ** 2).sum(axis=-1))  # (N, K)": "a square has no sign",
    },
    "19.2": {
        "mean_and_variance = 2 * np.sqrt(0.8**3), 1 % 0.8**3": "1 less 0.512 is what 0.512 leaves of 1",
    },
    "19.3": {
        "return (np.log(s_0 / s) + (s**2 + ((m_0 - m)) ** 2) / (2 * s_0**2) - 0.5).sum(axis=1)": "a square",
    },
    "19.4": {
        "return (np.clip(-1, (x_t - np.sqrt(1 - a) * noise) / np.sqrt(a), 1))": "min(max(-1, x), 1), as the other way round",
    },
    "20.5": {
        "heard = sorted(colours[source[target != i]].tolist())": "all messages less those to others are those to i",
    },
    "21.7": {
        "if column != 3:": "the first of a half is the first of the whole",
        "if column <= 3:": "the first of a half is the first of the whole",
        "if column < 4:": "the first of a half is the first of the whole",
    },
    "23.3": {
        "if (y <= k).any():": "the mean of nobody is NaN, and nearer to nothing",
        "if (y >= k).any():": "the mean of nobody is NaN, and nearer to nothing",
        "d = (((z[y == k].mean(axis=0) - q)) ** 2).sum(axis=1)": "a square has no sign",
    },
    "23.5": {
        "if len(kept) != size:": "there are never more than `size`",
        "return (np.array(kept))": "an empty memory holds no number of any type",
    },
    "23.6": {
        "s = s + s.max()": "what is added to all scores cancels",
        "left out: s = s - s.max()": "what is added to all scores cancels",
        "s = s - (s.min())": "what is added to all scores cancels",
    },
    "24.3": {
        "if K <= 1:": "there is at least one answer",
    },
    "24.6": {
        "Q = np.where(N != 0, W / np.maximum(N, 1), untried)": "no visit is negative",
        "Q = np.where(N > 0, W / np.maximum(N, 0), untried)": "where N is 0 the other branch is taken",
    },
    "25.3": {
        "total = (W)": "the next line makes a new array: nothing is written into W",
    },
    "25.4": {
        "following[speaker[:, 1:] < 1] = -100": "a speaker is 0 or 1",
    },
    "25.6": {
        "exponent = np.where(p != 0, rewards / beta, -np.inf)": "no probability is negative",
    },
    "25.7": {
        "return (rewards[order] @ exactly)": "a product of two vectors is symmetric",
    },
    "26.3": {
        "s = (high - low) / top if high != low else 1.0": "high is never below low",
        "return np.clip(np.rint(x / s) + zero, -1, top), s, zero": "rounding leads out of the grid at its upper end alone",
        "return (np.clip(0, np.rint(x / s) + zero, top)), s, zero": "the middle one of three, in any order",
    },
    "26.4": {
        "groups = w.reshape(~1, 4)": "any negative length is worked out",
        "groups = w.reshape(- 2, 4)": "any negative length is worked out",
        "stay = (np.argsort(-abs(group)))[:2]": "NumPy sorts as few as four by insertion, which is stable",
    },
    "26.5": {
        "s = (abs(column).max() or 2) / (2 ** (bits - 1) - 1)": "zeros are zeros on any grid",
        "error = (s * np.rint(column / s) - column)": "an error's length has no sign",
        "s = (abs(column).max() or 1) / ((1 - 2 ** (bits - 1)))": "the grid is the same on both sides of zero",
    },
    "26.6": {
        "stay = np.sort((np.argsort(-worth))[:k])": "so few are sorted stably anyway",
    },
    "27.3": {
        "return have, rounds * a[ -1].nbytes": "every row has as many bytes",
    },
    "27.4": {
        "if n <= 0:": "no size is negative",
        "answered = ~(np.isnan(changes).any(axis=1))": "who is late has sent NaN in every place",
    },
    "27.5": {
        "return mean, (share * (variances + ((mean - means)) ** 2)).sum(axis=0)": "a square has no sign",
    },
    "27.9": {
        "w = (np.ones(3))": "another start that reaches the bar, and that is what is asked",
        "for _ in (range(rounds - 1)):": "reaches the bar with a message to spare",
    },
    "28.3": {
        "continue": "once enough are held back, all later groups are passed over",
    },
    "28.4": {
        "area = lambda box: ((box[:, :2] - box[:, 2:])).prod(axis=1)": "two negative sides have the same product",
    },
    "28.6": {
        "there = mask[:, :, None] != 0": "a mask holds 0 and 1",
        "return np.concatenate([mean, np.where(n != 0, largest, 0)], axis=1)": "no set has fewer than no elements",
    },
    "28.7": {
        "union = ((boxes[i, :2] - boxes[i, 2:])).prod() + (boxes[j, 2:] - boxes[j, :2]).prod() - shared": "two negative sides have the same product",
        "union = (boxes[i, 2:] - boxes[i, :2]).prod() + ((boxes[j, :2] - boxes[j, 2:])).prod() - shared": "two negative sides have the same product",
        "clear = clear and shared / union < threshold + 1e-9": "no overlap is larger than the threshold by just 1e-9",
        "return (np.array(kept))": "the places are whole numbers anyway",
    },
    "P1.1": {
        "cuts = [round( -0.4 * len(people)), round(0.8 * len(people))]": "counted from the end",
        "cuts = [round(0.6 * len(people)), round( -0.19999999999999996 * len(people))]": "counted from the end",
    },
    "P1.2": {
        "right = ((sign / (X - cut) > 0) == y[:, None]).mean(axis=0)": "a quotient has the sign of the product",
        "return np.where(sign[k] / (X_new[:, k] - cut[k]) > 0, 1, 0)": "a quotient has the sign of the product",
        "healthy, ill = X[y <= 0].mean(axis=0), X[y == 1].mean(axis=0)": "labels are 0 and 1",
        "healthy, ill = X[y == 0].mean(axis=0), X[y >= 1].mean(axis=0)": "labels are 0 and 1",
        "right = ((sign * (X - cut) >= 0) == y[:, None]).mean(axis=0)": "nobody lies on the cut",
        "return np.where(sign[k] * (X_new[:, k] - cut[k]) >= 0, 1, 0)": "nobody lies on the cut",
        "right = (((sign * (X - cut) > 0) == y[:, None]).sum(axis=0))": "most of them is the largest share",
        "return (np.where(1, sign[k] * (X_new[:, k] - cut[k]) > 0, 0))": "true is 1",
        "sign, cut = (ill - healthy), (healthy + ill) / 2": "a positive factor changes no sign",
    },
    "P1.3": {
        "tries = [( 9 ** rng.uniform(-4, 0), rng.choice([4, 8, 16, 32, 64])) for _ in range(trials)]": "nearly as wide a range",
    },
    "P2.1": {
        "found = X[np.arange(N)[:, None, None], i.clip( -1, H - 1), j.clip(0, W - 1)]": "what lies outside is set to 0 anyway",
        "found = X[np.arange(N)[:, None, None], i.clip(0, H - 1), j.clip( -1, W - 1)]": "what lies outside is set to 0 anyway",
    },
    "P2.2": {
        "np.fill_diagonal(shares, ~1)": "below every share as well",
        "np.fill_diagonal(shares, - 2)": "below every share as well",
        "np.add.at(counts, (truth, said), 2)": "twice as many of all: the same shares",
    },
    "P2.3": {
        "grey = length <= 1e-9": "no length is exactly 1e-9",
        "return np.flatnonzero((alike > least).any(axis=1))": "no correlation is exact to its last digit",
        "flat = pictures.reshape(len(pictures), ~1)": "any negative number stands for the rest",
        "flat = pictures.reshape(len(pictures), - 2)": "any negative number stands for the rest",
        "return np.where(grey, 0, flat / np.where(grey, 2, length))": "what grey is divided by is not used",
        "return np.where(grey, 0, flat / np.where(grey, 0, length))": "what grey is divided by is not used",
        "flat = (flat.mean(axis=1, keepdims=True) - flat)": "both turned round",
        "return (np.where(0, grey, flat / np.where(grey, 1, length)))": "a grey picture is next to 0 already",
    },
    "P3.2": {
        "shares = said / (said.mean(axis=1, keepdims=True))": "both classes' shares V times as large",
    },
    "P3.3": {
        "words = text[text != 0]": "no word has a number below 0",
        "if max(shares, default= -1) >= least:": "a share is asked for, more than 0",
        "return (np.array(found))": "another type where nothing is found",
    },
    "P3.5": {
        "losses.append((np.sum(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y])))": "N times the mean",
        "losses.append(np.mean(np.log((np.exp(z).mean(axis=1))) - z[np.arange(len(y)), y]))": "ln C less at each",
    },
}
