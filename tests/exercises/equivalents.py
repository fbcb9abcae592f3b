"""Mutations of a solution that are no different from it: {exercise: {mutated line: why}}."""

# ruff: noqa: E501  (a line of a solution is as long as it is)

EQUIVALENT = {
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
    "07.6": {
        "g = (np.ones(x.shape))": "every entry is written over",
    },
    "07.10": {
        "params = [rng.normal(size=(2, 16)), (np.ones(16)), rng.normal(size=(16, 2)), np.zeros(2)]": "another start that trains, and that is what is asked",
        "params = [rng.normal(size=(2, 16)), np.zeros(16), rng.normal(size=(16, 2)), (np.ones(2))]": "another start that trains, and that is what is asked",
        "params = [p - lr * d for p, d in zip(params, slopes, strict=False)]": "four and four",
        "params = [p - lr * d for p, d in (zip(params, slopes))]": "four and four",
    },
    "07.11": {
        "params = rng.normal( 1, 3, (2, 32)), rng.normal(0, 3, 32), np.zeros((32, 2)), np.zeros(2)": "another start that reaches the bar, and that is what is asked",
        "params = rng.normal( -1, 3, (2, 32)), rng.normal(0, 3, 32), np.zeros((32, 2)), np.zeros(2)": "another start that reaches the bar, and that is what is asked",
        "params = rng.normal(0, 4, (2, 32)), rng.normal(0, 3, 32), np.zeros((32, 2)), np.zeros(2)": "another start that reaches the bar, and that is what is asked",
        "params = rng.normal(0, 2, (2, 32)), rng.normal(0, 3, 32), np.zeros((32, 2)), np.zeros(2)": "another start that reaches the bar, and that is what is asked",
        "params = rng.normal(0, 3, (2, 32)), rng.normal( 1, 3, 32), np.zeros((32, 2)), np.zeros(2)": "another start that reaches the bar, and that is what is asked",
        "params = rng.normal(0, 3, (2, 32)), rng.normal( -1, 3, 32), np.zeros((32, 2)), np.zeros(2)": "another start that reaches the bar, and that is what is asked",
        "params = rng.normal(0, 3, (2, 32)), rng.normal(0, 4, 32), np.zeros((32, 2)), np.zeros(2)": "another start that reaches the bar, and that is what is asked",
        "params = rng.normal(0, 3, (2, 32)), rng.normal(0, 2, 32), np.zeros((32, 2)), np.zeros(2)": "another start that reaches the bar, and that is what is asked",
        "params = rng.normal(0, 3, (2, 32)), rng.normal(0, 3, 32), (np.ones((32, 2))), np.zeros(2)": "another start that reaches the bar, and that is what is asked",
        "params = rng.normal(0, 3, (2, 32)), rng.normal(0, 3, 32), np.zeros((32, 2)), (np.ones(2))": "another start that reaches the bar, and that is what is asked",
        "for _ in range( 49):": "at most 50 steps",
        "for _ in (range(50 - 1)):": "at most 50 steps",
        "params = [p - d for p, d in zip(params, slopes, strict=False)]": "four and four",
        "params = [p - d for p, d in (zip(params, slopes))]": "four and four",
    },
    "08.5": {
        "while g.ndim != len(shape):": "g never has fewer axes than the shape",
        "while g.ndim is not len(shape):": "g never has fewer axes than the shape",
    },
    "08.7": {
        "for k in range(len(tape) - 1, not 1, -1):": "the first entry has no inputs to send to",
        "for k in range(len(tape) - 1, - 0, -1):": "the first entry has no inputs to send to",
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
    "19.2": {
        "mean_and_variance = 2 * np.sqrt(0.8**3), 1 % 0.8**3": "1 less 0.512 is what 0.512 leaves of 1",
    },
    "19.3": {
        "return (np.log(s_0 / s) + (s**2 + ((m_0 - m)) ** 2) / (2 * s_0**2) - 0.5).sum(axis=1)": "a square",
    },
    "19.4": {
        "return (np.clip(-1, (x_t - np.sqrt(1 - a) * noise) / np.sqrt(a), 1))": "min(max(-1, x), 1), as the other way round",
    },
    "19.8": {
        "rng = np.random.default_rng( 1)": "another start that reaches the bar, and that is what is asked",
        "left out: rng = np.random.default_rng(0)": "the rng of the cells before: another start that reaches the bar",
        "return net(told(x_t, a)).data[:, -1]": "the first column is the last",
        "net = (nn.Sequential(nn.Linear(2, 64, rng=rng), nn.Linear(64, 64, rng=rng), nn.relu, nn.relu, nn.Linear(64, 1, rng=rng)))": "a layer fewer reaches the bar",
        "net = (nn.Sequential(nn.Linear(2, 64, rng=rng), nn.relu, nn.relu, nn.Linear(64, 64, rng=rng), nn.Linear(64, 1, rng=rng)))": "a layer fewer reaches the bar",
        "for _ in (range(steps - 1)):": "a step fewer reaches the bar",
        "net = nn.Sequential((nn.Linear(2, 64)), nn.relu, nn.Linear(64, 64, rng=rng), nn.relu, nn.Linear(64, 1, rng=rng))": "another start that reaches the bar",
        "net = nn.Sequential(nn.Linear(2, 64, rng=rng), nn.relu, (nn.Linear(64, 64)), nn.relu, nn.Linear(64, 1, rng=rng))": "another start that reaches the bar",
        "net = nn.Sequential(nn.Linear(2, 64, rng=rng), nn.relu, nn.Linear(64, 64, rng=rng), nn.relu, (nn.Linear(64, 1)))": "another start that reaches the bar",
        "backward((nn.mse_loss(noise[:, None].astype(np.float32), net(told(x, share)))))": "a squared distance has no direction",
    },
    "20.5": {
        "heard = sorted(colours[source[target != i]].tolist())": "all messages less those to others are those to i",
    },
    "20.8": {
        "layer = nn.Linear(seen.shape[1], 4, rng=0)": "a fourth kind that is never the largest",
        "layer = nn.Linear(seen.shape[1], 3, rng= 1)": "another start that reaches the bar",
        "layer = (nn.Linear(seen.shape[1], 3))": "another start that reaches the bar",
        "for _ in (range(steps - 1)):": "a step fewer reaches the bar",
    },
}
