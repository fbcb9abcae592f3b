"""The workloads in the other libraries that differentiate NumPy code, as far as each can do them."""

import autograd.numpy as anp
import mygrad as mg
import numpy as np
from autograd import value_and_grad
from mygrad.nnet.activations import relu as mg_relu
from mygrad.nnet.layers import conv_nd, max_pool
from mygrad.nnet.losses import softmax_crossentropy
from sklearn.neural_network import MLPClassifier

from nnlearn.layers.module import Module

from .workloads import RIVALS, Batches, Step

Arrays = dict[str, np.ndarray]


class Adam:
    """Kingma and Ba (2015), in place, an array at a time."""

    def __init__(self, weights: Arrays, lr: float) -> None:
        self.weights, self.lr, self.t = weights, lr, 0
        self.m, self.v = ({name: np.zeros_like(w) for name, w in weights.items()} for _ in range(2))

    def step(self, gradients: Arrays) -> None:
        self.t += 1
        for name, g in gradients.items():
            m, v = self.m[name], self.v[name]
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            scale = self.lr / (1 - 0.9**self.t)
            self.weights[name] -= scale * m / (np.sqrt(v / (1 - 0.999**self.t)) + 1e-8)


def copied(model: Module) -> Arrays:
    return {name: array.copy() for name, array in model.state_dict().items()}


# --- HIPS autograd


def cross_entropy(logits, labels):
    logits, labels = logits.reshape(-1, logits.shape[-1]), labels.ravel()
    shifted = logits - anp.max(logits, axis=1, keepdims=True)
    log_p = shifted - anp.log(anp.sum(anp.exp(shifted), axis=1, keepdims=True))
    return -anp.mean(log_p[anp.arange(len(labels)), labels])


def autograd_mlp(P, x):
    last = len(P) // 2 - 1
    for i in range(last + 1):
        x = x @ P[f"layers.{i}.W"] + P[f"layers.{i}.b"]
        x = x if i == last else anp.maximum(x, 0)
    return x


def autograd_lstm(P, ids):
    W_h, n = P["cells.0.W_h"], P["cells.0.W_h"].shape[0]
    z_x = P["tokens.W"][ids] @ P["cells.0.W_x"] + P["cells.0.b"]
    h = c = np.zeros((len(ids), n), np.float32)
    hs = []
    for t in range(ids.shape[1]):
        z = z_x[:, t] + h @ W_h
        i, f, o = (1 / (1 + anp.exp(-z[:, k * n : (k + 1) * n])) for k in (0, 1, 3))
        c = f * c + i * anp.tanh(z[:, 2 * n : 3 * n])
        h = o * anp.tanh(c)
        hs.append(h)
    return anp.stack(hs, axis=1) @ P["output.W"] + P["output.b"]


def autograd_layer_norm(x, gamma, beta):
    centred = x - anp.mean(x, axis=-1, keepdims=True)
    return gamma * centred / anp.sqrt(anp.mean(centred**2, axis=-1, keepdims=True) + 1e-5) + beta


def autograd_gpt(heads):
    def forward(P, ids):
        (B, T), C = ids.shape, P["tokens.W"].shape[1]
        hidden = np.where(np.tri(T, dtype=bool), 0, -np.inf).astype(np.float32)
        x = P["tokens.W"][ids] + P["positions.W"][:T]
        for i in range(sum(name.endswith("qkv.W") for name in P)):
            name = f"blocks.{i}."
            y = autograd_layer_norm(x, P[name + "norm1.gamma"], P[name + "norm1.beta"])
            y = y @ P[name + "attention.qkv.W"] + P[name + "attention.qkv.b"]
            q, k, v = anp.transpose(y.reshape(B, T, 3, heads, C // heads), (2, 0, 3, 1, 4))
            scores = q @ anp.swapaxes(k, -1, -2) / np.float32(np.sqrt(C // heads)) + hidden
            e = anp.exp(scores - anp.max(scores, axis=-1, keepdims=True))
            y = e / anp.sum(e, axis=-1, keepdims=True) @ v
            y = anp.transpose(y, (0, 2, 1, 3)).reshape(B, T, C)
            x = x + y @ P[name + "attention.out.W"] + P[name + "attention.out.b"]
            y = autograd_layer_norm(x, P[name + "norm2.gamma"], P[name + "norm2.beta"])
            y = y @ P[name + "expand.W"] + P[name + "expand.b"]
            # autograd's erf is SciPy's: the tanh form is the faster one for it
            y = 0.5 * y * (1 + anp.tanh(np.float32(0.7978846) * (y + np.float32(0.044715) * y**3)))
            x = x + y @ P[name + "contract.W"] + P[name + "contract.b"]
        return autograd_layer_norm(x, P["norm.gamma"], P["norm.beta"]) @ P["tokens.W"].T

    return forward


def with_autograd(make_forward):
    def build(model: Module, batches: Batches, lr: float) -> Step:
        weights, forward = copied(model), make_forward(model)
        loss_and_gradient = value_and_grad(lambda P, x, y: cross_entropy(forward(P, x), y))
        optimizer = Adam(weights, lr)

        def step(i: int) -> float:
            loss, gradients = loss_and_gradient(weights, *batches[i % len(batches)])
            optimizer.step(gradients)
            return float(loss)

        return step

    return build


RIVALS["HIPS autograd"] = {
    "mlp": with_autograd(lambda model: autograd_mlp),
    "lstm": with_autograd(lambda model: autograd_lstm),
    "gpt": with_autograd(lambda model: autograd_gpt(model.blocks[0].attention.heads)),
}

# --- MyGrad


def mygrad_mlp(P, x):
    last = len(P) // 2 - 1
    for i in range(last + 1):
        x = mg.matmul(x, P[f"layers.{i}.W"]) + P[f"layers.{i}.b"]
        x = x if i == last else mg_relu(x)
    return x


def mygrad_convnet(P, x):
    for i in range(sum(name.startswith("convolutions") for name in P) // 2):
        bias = P[f"convolutions.{i}.b"].reshape(1, -1, 1, 1)
        x = mg_relu(conv_nd(x, P[f"convolutions.{i}.W"], stride=1, padding=1) + bias)
        x = x[:, :, : x.shape[2] // 2 * 2, : x.shape[3] // 2 * 2]  # its pooling wants sizes that fit
        x = max_pool(x, (2, 2), 2)
    return mg.matmul(x.reshape(len(x), -1), P["classify.W"]) + P["classify.b"]


def with_mygrad(forward):
    def build(model: Module, batches: Batches, lr: float) -> Step:
        P = {name: mg.tensor(array) for name, array in copied(model).items()}
        optimizer = Adam({name: p.data for name, p in P.items()}, lr)

        def step(i: int) -> float:
            x, y = batches[i % len(batches)]
            loss = softmax_crossentropy(forward(P, x), y)
            loss.backward()
            optimizer.step({name: p.grad for name, p in P.items()})
            return loss.item()

        return step

    return build


RIVALS["MyGrad"] = {"mlp": with_mygrad(mygrad_mlp), "convnet": with_mygrad(mygrad_convnet)}

# --- scikit-learn


def sklearn_mlp(model: Module, batches: Batches, lr: float) -> Step:
    P = copied(model)
    sizes = [P[f"layers.{i}.b"].size for i in range(len(P) // 2)]
    theirs = MLPClassifier(
        sizes[:-1], batch_size=len(batches[0][0]), learning_rate_init=lr, alpha=0.0, shuffle=False
    )
    theirs.partial_fit(*batches[0], classes=np.arange(sizes[-1]))
    for i in range(len(sizes)):
        theirs.coefs_[i][...], theirs.intercepts_[i][...] = P[f"layers.{i}.W"], P[f"layers.{i}.b"]
    del theirs._optimizer  # it remembers the step that made the arrays

    def step(i: int) -> float:
        theirs.partial_fit(*batches[i % len(batches)])
        return theirs.loss_

    return step


RIVALS["scikit-learn"] = {"mlp": sklearn_mlp}
