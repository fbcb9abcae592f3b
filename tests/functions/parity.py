"""The engine's public functions, what PyTorch calls each, and the inputs to try: the table of parity."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

import nnlearn as nn
from tests.support.reference import torch

F = torch.nn.functional
WITHOUT_GRADIENT = {"argmax", "sinusoidal_positions"}  # tested in test_arithmetic and test_attention
WITHOUT_GRADIENT |= {"message_edges", "normalized_adjacency"}  # in test_graph


@dataclass
class Case:
    """f(*inputs) against g(*inputs), inputs of the given shapes drawn from `draw` at each scale."""

    f: Callable
    g: Callable
    shapes: list[tuple]
    scales: tuple[float, ...] = (1.0,)
    draw: Callable = lambda rng, shape: rng.standard_normal(shape)
    once: bool = False  # fused: no second derivative
    gradient: bool = True


def positive(rng: np.random.Generator, shape: tuple) -> np.ndarray:
    return rng.random(shape) + 0.1


def ties(rng: np.random.Generator, shape: tuple) -> np.ndarray:
    return rng.integers(-1, 2, shape).astype(float)


def to_torch(x):
    return torch.from_numpy(np.ascontiguousarray(x)) if isinstance(x, np.ndarray) else x


ONE = [((3, 4),), ((2, 3, 4),), ((1,),), ((),), ((0, 4),), ((1, 1),)]
TWO = [
    ((3, 4), (3, 4)),
    ((3, 4), (4,)),
    ((2, 1, 4), (3, 1)),
    ((), (2, 3)),
    ((1,), (1,)),
    ((0, 4), (4,)),
    ((3, 1), ()),
]
ROWS = [((3, 5),), ((2, 3, 5),), ((4, 1),), ((1, 5),), ((0, 5),), ((5,),)]
PAIR = [((3, 4), (3, 4)), ((5,), (5,)), ((1, 1), (1, 1)), ((2, 3, 4), (2, 3, 4))]
MATRICES = [
    ((3, 4), (4, 5)),
    ((2, 3, 4), (4, 5)),
    ((2, 3, 4), (2, 4, 5)),
    ((4,), (4,)),
    ((4,), (4, 5)),
    ((3, 4), (4,)),
]
MATRICES += [
    ((4,), (2, 4, 3)),
    ((2, 3, 4), (4,)),
    ((2, 1, 3, 4), (5, 4, 2)),
    ((0, 4), (4, 2)),
    ((1, 1), (1, 1)),
]
IMAGE = (2, 3, 9, 8)
WIDE = (1.0, 1e4)
IDS, MASK = np.array([[3, 0, 3], [6, 6, 1]]), np.random.default_rng(5).random((2, 1, 5, 6)) > 0.3
PLACES = np.array([[[4, 4, 0, 9, 2]], [[1, 0, 3, 2, 7]]])
MEAN, VAR = np.linspace(-1, 1, 4), np.linspace(0.5, 2, 4)
QKV = [((2, 3, 5, 4), (2, 3, 6, 4), (2, 3, 6, 7)), ((1, 4), (1, 4), (1, 1)), ((5, 4), (2, 6, 4), (6, 3))]
SHARED = [((2, 6, 5, 4), (2, 2, 5, 4), (2, 2, 5, 4)), ((2, 4, 5, 4), (1, 2, 5, 4), (2, 2, 5, 3))]
SELF = [
    ((2, 3, 5, 4), (2, 3, 5, 4), (2, 3, 5, 4)),
    ((0, 5, 4), (0, 5, 4), (0, 5, 4)),
    ((1, 1), (1, 1), (1, 1)),
]
LABELS = {(3, 5): [0, 4, 2], (2, 3, 5): [[0, 1, 2], [4, 4, 0]], (4, 1): [0] * 4, (1, 5): [3], (5,): 2}


def recurrent(kind: str, gates: int) -> Callable:
    """PyTorch's recurrent networks as functions of our arguments; its second bias is zero."""

    def g(x, *rest):
        *states, W_x, W_h, b = rest
        weights = [W_x.T.contiguous(), W_h.T.contiguous(), b, torch.zeros_like(b)]
        state = [s[None] for s in states] if len(states) > 1 else states[0][None]
        y = getattr(torch._VF, kind)(x, state, weights, True, 1, 0.0, True, False, True)
        return (y[0], y[2][0]) if len(states) > 1 else y[0]

    return g


def recurrent_shapes(gates: int, states: int) -> list[tuple]:
    return [
        ((B, T, 3), *[(B, m)] * states, (3, gates * m), (m, gates * m), (gates * m,))
        for B, T, m in ((2, 6, 5), (1, 1, 1), (4, 3, 2))
    ]


def heads(n: int, kv_heads: int, causal: bool, rotary: bool = False) -> Case:
    """n heads of queries, each 4 wide; kv_heads of keys and values."""

    def g(x):
        q, k, v = x.unflatten(-1, (-1, 4)).transpose(1, 2).split((n, kv_heads, kv_heads), 1)
        q, k = (by_halves(q), by_halves(k)) if rotary else (q, k)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=causal, enable_gqa=True)
        return y.transpose(1, 2).flatten(2)

    f = functools.partial(nn.multi_head_attention, heads=n, causal=causal, kv_heads=kv_heads, rotary=rotary)
    width = 4 * (n + 2 * kv_heads)
    return Case(f, g, [((2, 5, width),), ((1, 1, width),)], once=True)


def by_halves(x):
    """Rotary positions as Llama's: rotate_half of the transformers library."""
    T, D = x.shape[-2:]
    angle = torch.arange(T)[:, None] / 10000.0 ** (torch.arange(0, D, 2).double() / D)
    angle = torch.cat([angle, angle], -1).to(x.dtype)
    half = torch.cat([-x[..., D // 2 :], x[..., : D // 2]], -1)
    return x * angle.cos() + half * angle.sin()


def turned(x, places=None, base=10000.0):
    """Rotary positions by complex numbers."""
    T, D = x.shape[-2:]
    places = torch.arange(T) if places is None else torch.from_numpy(places)
    angle = places[..., None] / base ** (torch.arange(0, D, 2).double() / D)
    pairs = torch.view_as_complex(x.reshape(*x.shape[:-1], D // 2, 2)) * torch.exp(1j * angle).to(
        torch.complex128 if x.dtype == torch.float64 else torch.complex64
    )
    return torch.view_as_real(pairs).reshape(x.shape)


def unary(f: Callable, g: Callable, **more) -> list[Case]:
    return [Case(f, g, ONE, **more)]


def binary(f: Callable, g: Callable, **more) -> list[Case]:
    return [Case(f, g, TWO, **more)]


def reduction(f: Callable, g: Callable) -> list[Case]:
    options = [{}, {"axis": 0}, {"axis": -1, "keepdims": True}, {"axis": (0, 1)}]
    shapes = [((3, 4),), ((2, 3, 4),), ((1, 1),)]

    def theirs(x, axis=None, keepdims=False):
        return g(x, tuple(range(x.ndim)) if axis is None else axis, keepdims)

    return [
        Case(
            functools.partial(f, **o),
            functools.partial(theirs, **o),
            shapes[: 2 if f is nn.std else 3],
            draw=draw,
        )
        for o in options
        for draw in (
            (positive,) if f is nn.std else (Case.draw, ties) if f in (nn.max, nn.min) else (Case.draw,)
        )
    ]


def indices() -> list[Case]:
    every = [
        1,
        -1,
        slice(None, None, 2),
        (slice(None), 2),
        (..., None, 1),
        np.array([2, 0, 2]),
        np.array([[0, -1]]),
    ]
    every += [
        (np.array([0, 2, 0]), np.array([1, 1, 1])),
        (slice(None), np.array([3, 3])),
        np.array([True, False, True]),
    ]
    return [
        Case(lambda x, i=i: nn.getitem(x, i), lambda x, i=i: x[i], [((3, 4),), ((3, 4, 2),)]) for i in every
    ]


def losses(f: Callable, g: Callable, **more) -> list[Case]:
    return [Case(f, g, PAIR, **more)]


def cross_entropies() -> list[Case]:
    made = []
    for shape, labels in LABELS.items():
        y = np.array(labels)
        flat = torch.from_numpy(y.reshape(-1))
        g = lambda x, flat=flat: F.cross_entropy(x.reshape(-1, x.shape[-1]), flat)  # noqa: E731
        made.append(Case(lambda x, y=y: nn.cross_entropy(x, y), g, [(shape,)], WIDE))
    soft = np.random.default_rng(3).dirichlet(np.ones(5), 3)
    made.append(
        Case(lambda x: nn.cross_entropy(x, soft), lambda x: F.cross_entropy(x, to_torch(soft)), [((3, 5),)])
    )
    return made


def convolutions() -> list[Case]:
    settings = [(1, 0, 1), (1, 1, 1), (2, 1, 1), (1, 2, 2), (2, 3, 2), (3, 0, 1), (1, 4, 1)]
    made = [
        Case(
            lambda x, W, b, s=s: nn.conv2d(x, W, b, *s),
            lambda x, W, b, s=s: F.conv2d(x, W, b, *s),
            [
                (IMAGE, (4, 3, 3, 3), (4,)),
                ((1, 1, 5, 5), (2, 1, 2, 3), (2,)),
                ((2, 3, 5, 6), (1, 3, 1, 1), (1,)),
            ],
            once=True,
        )
        for s in settings
    ]
    shapes = [((0, 3, 5, 5), (2, 3, 3, 3)), ((1, 1, 1, 1), (1, 1, 1, 1)), ((2, 5, 4, 4), (3, 5, 4, 4))]
    return [*made, Case(nn.conv2d, F.conv2d, shapes, once=True)]


def transposed_convolutions() -> list[Case]:
    settings = [(1, 0, 0), (1, 2, 0), (2, 0, 0), (2, 1, 0), (2, 1, 1), (3, 1, 2)]
    shapes = [
        (IMAGE, (3, 4, 3, 3), (4,)),
        ((1, 1, 5, 5), (1, 2, 2, 3), (2,)),
        ((2, 3, 5, 6), (3, 1, 4, 4), (1,)),
    ]
    made = [
        Case(
            lambda x, W, b, s=s: nn.conv_transpose2d(x, W, b, *s),
            lambda x, W, b, s=s: F.conv_transpose2d(x, W, b, *s),
            shapes,
            once=True,
        )
        for s in settings
    ]
    shapes = [((0, 3, 5, 5), (3, 2, 3, 3)), ((1, 1, 1, 1), (1, 1, 1, 1)), ((2, 5, 4, 4), (5, 3, 4, 4))]
    return [*made, Case(nn.conv_transpose2d, F.conv_transpose2d, shapes, once=True)]


def group_norms() -> list[Case]:
    shapes = [
        ((2, 6, 3, 4), (6,), (6,)),
        ((3, 6, 5), (6,), (6,)),
        ((2, 6, 1, 1), (6,), (6,)),
        ((0, 6, 2), (6,), (6,)),
    ]
    return [
        Case(
            lambda x, g, b, n=n: nn.group_norm(x, n, g, b),
            lambda x, g, b, n=n: F.group_norm(x, n, g, b),
            shapes,
            once=True,
        )
        for n in (1, 2, 3)
    ]


def pools(f: Callable, g: Callable) -> list[Case]:
    return [
        Case(
            lambda x, s=s: f(x, *s),
            lambda x, s=s: g(x, *s),
            [(IMAGE,), ((1, 1, 3, 3),)],
            draw=draw,
            once=True,
        )
        for s in ((2,), (2, 1), (3, 2), (1,))
        for draw in (Case.draw, ties)
    ]


def attentions() -> list[Case]:
    ours, theirs = nn.scaled_dot_product_attention, F.scaled_dot_product_attention
    masked = functools.partial(ours, mask=MASK), functools.partial(theirs, attn_mask=torch.from_numpy(MASK))
    return [
        Case(ours, theirs, QKV, (1.0, 100.0), once=True),
        Case(
            functools.partial(ours, causal=True),
            functools.partial(theirs, is_causal=True),
            SELF,
            (1, 100),
            once=True,
        ),
        Case(*masked, [((2, 3, 5, 4), (2, 3, 6, 4), (2, 3, 6, 7))], (1.0, 100.0), once=True),
        Case(
            functools.partial(ours, causal=True),
            functools.partial(theirs, is_causal=True, enable_gqa=True),
            SHARED,
            (1, 100),
            once=True,
        ),
    ]


def batch_norms() -> list[Case]:
    use = dict(training=False)
    shapes = [((5, 4), (4,), (4,)), ((3, 4, 2, 5), (4,), (4,)), ((2, 1), (1,), (1,))]
    return [
        Case(nn.batch_norm, lambda x, g, b: F.batch_norm(x, None, None, g, b, True), shapes, once=True),
        Case(
            lambda x, g, b: nn.batch_norm(x, g, b, MEAN.astype(x.dtype), VAR.astype(x.dtype), **use),
            lambda x, g, b: F.batch_norm(x, to_torch(MEAN).to(x.dtype), to_torch(VAR).to(x.dtype), g, b),
            shapes[:2],
            once=True,
        ),
    ]


def dropped(x):
    keep = np.random.default_rng(7).random(x.shape, dtype=np.float32) >= 0.4
    return x * torch.as_tensor(keep).to(x.dtype) / 0.6


TARGETS, WEIGHTS = np.array([2, 0, 2, 4, 2]), np.random.default_rng(6).random((4, 5)).round()


def sparse_product(x):
    """WEIGHTS times x, entry by entry: what a zero meets is never read, not even a NaN."""
    rows, columns = WEIGHTS.nonzero()
    weights = to_torch(WEIGHTS[rows, columns]).to(x.dtype).reshape(-1, *[1] * (x.ndim - 1))
    out = x.new_zeros(len(WEIGHTS), *x.shape[1:])
    return out.index_add(0, torch.from_numpy(rows), weights * x[torch.from_numpy(columns)])


def scattered(x):
    y = torch.zeros(5, *x.shape[1:], dtype=x.dtype)
    return y.index_add(0, torch.from_numpy(TARGETS), x)


def softmax_of_segments(x):
    """A softmax over the rows of each target, cut out one after the other."""
    y = torch.zeros_like(x)
    for t in np.unique(TARGETS):
        rows = torch.from_numpy(np.flatnonzero(TARGETS == t))
        y = y.index_add(0, rows, torch.softmax(x[rows], 0))
    return y


def scanned(a, b):
    """A linear recurrence, step by step."""
    h, states = torch.zeros_like(b[:, 0]), []
    for t in range(b.shape[1]):
        h = a[:, t] * h + b[:, t]
        states.append(h)
    return torch.stack(states, 1)


def convolved(x, k):
    """Each channel with its own kernel over the past: a grouped convolution, padded on the left."""
    padded = F.pad(x.transpose(1, 2), (len(k) - 1, 0))
    return F.conv1d(padded, k.T.flip(1)[:, None], groups=k.shape[1]).transpose(1, 2)


TABLE: dict[str, list[Case]] = {
    "add": binary(nn.add, torch.add),
    "subtract": binary(nn.subtract, torch.sub),
    "multiply": binary(nn.multiply, torch.mul),
    "divide": binary(nn.divide, torch.div, draw=positive),
    "power": binary(nn.power, torch.pow, draw=positive) + unary(lambda x: x**3, lambda x: x**3),
    "negative": unary(nn.negative, torch.neg),
    "absolute": unary(nn.absolute, torch.abs) + unary(nn.absolute, torch.abs, draw=ties),
    "exp": unary(nn.exp, torch.exp),
    "expm1": unary(nn.expm1, torch.expm1),
    "log": unary(nn.log, torch.log, draw=positive),
    "log1p": unary(nn.log1p, torch.log1p, draw=positive),
    "sqrt": unary(nn.sqrt, torch.sqrt, draw=positive),
    "square": unary(nn.square, torch.square),
    "sin": unary(nn.sin, torch.sin),
    "cos": unary(nn.cos, torch.cos),
    "erf": unary(nn.erf, torch.erf, scales=WIDE),
    "tanh": unary(nn.tanh, torch.tanh, scales=WIDE),
    "maximum": binary(nn.maximum, torch.maximum) + binary(nn.maximum, torch.maximum, draw=ties),
    "minimum": binary(nn.minimum, torch.minimum) + binary(nn.minimum, torch.minimum, draw=ties),
    "where": binary(lambda a, b: nn.where(a > b, a, b * b), lambda a, b: torch.where(a > b, a, b * b)),
    "clip": unary(lambda x: nn.clip(x, -0.5, 0.7), lambda x: torch.clamp(x, -0.5, 0.7)),
    "matmul": [Case(nn.matmul, torch.matmul, MATRICES)],
    "linear": [
        Case(
            nn.linear,
            lambda x, W, b=None: F.linear(x, W.T, b),
            [
                ((3, 4), (4, 5), (5,)),
                ((2, 3, 4), (4, 5)),
                ((4,), (4, 1), (1,)),
                ((0, 4), (4, 5), (5,)),
                ((1, 1), (1, 1)),
            ],
        )
    ],
    "sum": reduction(nn.sum, torch.sum),
    "mean": reduction(nn.mean, torch.mean),
    "var": reduction(nn.var, lambda x, axis, keep: torch.var(x, axis, correction=0, keepdim=keep)),
    "std": reduction(nn.std, lambda x, axis, keep: torch.std(x, axis, correction=0, keepdim=keep))[:2],
    "max": reduction(nn.max, torch.amax),
    "min": reduction(nn.min, torch.amin),
    "reshape": [
        Case(lambda x: nn.reshape(x, (2, -1)), lambda x: x.reshape(2, -1), [((3, 4),), ((2, 1, 3),)])
    ],
    "transpose": [
        Case(
            nn.transpose,
            lambda x: x.permute(*range(x.ndim - 1, -1, -1)),
            [((3, 4),), ((2, 3, 4),), ((0, 4),)],
        ),
        Case(lambda x: nn.transpose(x, (2, 0, 1)), lambda x: x.permute(2, 0, 1), [((2, 3, 4),)]),
    ],
    "swapaxes": [
        Case(lambda x: nn.swapaxes(x, 0, -1), lambda x: x.transpose(0, -1), [((2, 3, 4),), ((3, 4),)])
    ],
    "expand_dims": [Case(lambda x: nn.expand_dims(x, 1), lambda x: x.unsqueeze(1), [((2, 3, 4),), ((3,),)])],
    "squeeze": [Case(nn.squeeze, torch.squeeze, [((2, 1, 3, 1),), ((1, 1),)])],
    "broadcast_to": [
        Case(lambda x: nn.broadcast_to(x, (2, 3, 4)), lambda x: x.expand(2, 3, 4), [((3, 1),), ((),)])
    ],
    "astype": unary(lambda x: nn.astype(x, np.float64), lambda x: x.double()),
    "concatenate": [
        Case(
            lambda *x: nn.concatenate(x, 1),
            lambda *x: torch.cat(x, 1),
            [((2, 3), (2, 1), (2, 4)), ((2, 0), (2, 1))],
        )
    ],
    "stack": [Case(lambda *x: nn.stack(x, 1), lambda *x: torch.stack(x, 1), [((2, 3), (2, 3)), ((1,),)])],
    "getitem": indices(),
    "embedding": [
        Case(lambda W: nn.embedding(IDS, W), lambda W: F.embedding(to_torch(IDS), W), [((7, 5),), ((7, 1),)])
    ],
    "relu": unary(nn.relu, torch.relu, scales=WIDE) + unary(nn.relu, torch.relu, draw=ties),
    "leaky_relu": unary(nn.leaky_relu, F.leaky_relu)
    + unary(lambda x: nn.leaky_relu(x, 0.2), lambda x: F.leaky_relu(x, 0.2)),
    "elu": unary(nn.elu, F.elu, scales=WIDE) + unary(lambda x: nn.elu(x, 0.7), lambda x: F.elu(x, 0.7)),
    "sigmoid": unary(nn.sigmoid, torch.sigmoid, scales=(1, 30, 1e4)),
    "silu": unary(nn.silu, F.silu, scales=(1, 30, 1e4)),
    "swiglu": [
        Case(
            nn.swiglu,
            lambda x: F.silu(x.chunk(2, -1)[0]) * x.chunk(2, -1)[1],
            [((3, 6),), ((2, 3, 4),), ((0, 4),), ((2,),)],
            (1, 30, 1e4),
            once=True,
        )
    ],
    "gelu": unary(nn.gelu, F.gelu, scales=(1, 5, 1e4))
    + unary(lambda x: nn.gelu(x, "tanh"), lambda x: F.gelu(x, approximate="tanh"), scales=(1, 5, 1e4)),
    "softplus": unary(nn.softplus, lambda x: -F.logsigmoid(-x), scales=WIDE),
    "softmax": [
        Case(nn.softmax, lambda x: torch.softmax(x, -1), ROWS, (1, 30, 1e4)),
        Case(lambda x: nn.softmax(x, 0), lambda x: torch.softmax(x, 0), ROWS[:3], (1, 30, 1e4)),
    ],
    "log_softmax": [
        Case(nn.log_softmax, lambda x: torch.log_softmax(x, -1), ROWS, (1, 30, 1e4)),
        Case(lambda x: nn.log_softmax(x, 0), lambda x: torch.log_softmax(x, 0), ROWS[:3], (1, 30, 1e4)),
    ],
    "mse_loss": losses(nn.mse_loss, F.mse_loss),
    "l1_loss": losses(nn.l1_loss, F.l1_loss),
    "huber_loss": losses(nn.huber_loss, F.huber_loss)
    + losses(lambda p, t: nn.huber_loss(p, t, 0.3), lambda p, t: F.huber_loss(p, t, delta=0.3)),
    "hinge_loss": losses(nn.hinge_loss, lambda s, t: torch.clamp(1 - t * s, min=0).mean()),
    "binary_cross_entropy": [
        Case(
            lambda x, t: nn.binary_cross_entropy(x, nn.sigmoid(t)),
            lambda x, t: F.binary_cross_entropy_with_logits(x, torch.sigmoid(t)),
            PAIR,
            WIDE,
        )
    ],
    "cross_entropy": cross_entropies(),
    "layer_norm": [
        Case(
            nn.layer_norm,
            lambda x, g, b: F.layer_norm(x, x.shape[-1:], g, b),
            [((3, 5), (5,), (5,)), ((2, 3, 5), (5,), (5,)), ((0, 5), (5,), (5,)), ((1, 2), (2,), (2,))],
            once=True,
        )
    ],
    "rms_norm": [
        Case(
            nn.rms_norm,
            lambda x, g: F.rms_norm(x, x.shape[-1:], g, 1e-6),
            [((3, 5), (5,)), ((2, 3, 5), (5,)), ((0, 5), (5,)), ((1, 2), (2,)), ((4,), (4,))],
            (1, 1e-3),
            once=True,
        )
    ],
    "group_norm": group_norms(),
    "batch_norm": batch_norms(),
    "dropout": unary(lambda x: nn.dropout(x, 0.4, rng=7), dropped),
    "conv2d": convolutions(),
    "conv_transpose2d": transposed_convolutions(),
    "patches": [
        Case(
            lambda x, p=p: nn.patches(x, p),
            lambda x, p=p: F.unfold(x, p, stride=p).transpose(1, 2),
            [((2, 3, 6, 6),), ((1, 1, 6, 12),), ((2, 2, 6, 6),)],
        )
        for p in (1, 2, 3)
    ],
    "upsample": [
        Case(
            lambda x, n=n: nn.upsample(x, n),
            lambda x, n=n: F.interpolate(x, scale_factor=n, mode="nearest"),
            [(IMAGE,), ((1, 1, 1, 1),), ((2, 3, 5, 6),)],
        )
        for n in (2, 1, 3)
    ],
    "max_pool2d": pools(nn.max_pool2d, F.max_pool2d),
    "avg_pool2d": pools(nn.avg_pool2d, F.avg_pool2d),
    "spmm": [
        Case(
            lambda x: nn.spmm(csr_array(WEIGHTS), x),
            sparse_product,
            [((5, 3),), ((5,),), ((5, 0),)],
        )
    ],
    "segment_sum": [
        Case(lambda x: nn.segment_sum(x, TARGETS, 5), scattered, [((5, 3),), ((5,),), ((5, 2, 2),)])
    ],
    "segment_softmax": [
        Case(
            lambda x: nn.segment_softmax(x, TARGETS, 5),
            softmax_of_segments,
            [((5,),), ((5, 1),), ((5, 3),)],
            (1, 30, 1e4),
        )
    ],
    "rnn": [Case(nn.rnn, recurrent("rnn_tanh", 1), recurrent_shapes(1, 1), once=True)],
    "lstm": [Case(nn.lstm, recurrent("lstm", 4), recurrent_shapes(4, 2), once=True)],
    "gru": [Case(nn.gru, recurrent("gru", 3), recurrent_shapes(3, 1), once=True)],
    "linear_scan": [
        Case(
            nn.linear_scan,
            scanned,
            [((2, 5, 3),) * 2, ((1, 1),) * 2, ((3, 4),) * 2, ((2, 4, 2, 3),) * 2],
            once=True,
        )
    ],
    "causal_convolution": [
        Case(
            nn.causal_convolution,
            convolved,
            [((2, 7, 3), (7, 3)), ((1, 4, 2), (9, 2)), ((2, 6, 1), (1, 1)), ((1, 1, 1), (1, 1))],
            once=True,
        )
    ],
    "scaled_dot_product_attention": attentions(),
    "multi_head_attention": [
        heads(2, 2, False),
        heads(2, 2, True),
        heads(4, 2, True),
        heads(3, 1, False),
        heads(4, 2, True, rotary=True),
    ],
    "rotary": [
        Case(nn.rotary, turned, [((2, 3, 5, 6),), ((1, 2),)]),
        Case(functools.partial(nn.rotary, halves=True), by_halves, [((2, 3, 5, 6),), ((1, 2),)]),
        Case(
            lambda x: nn.rotary(x, PLACES, 500.0),
            lambda x: turned(x, PLACES, 500.0),
            [((2, 3, 5, 6),), ((5, 2),)][:1],
        ),
    ],
}


def as_tuple(y) -> tuple:
    return tuple(y) if isinstance(y, tuple) else (y,)
