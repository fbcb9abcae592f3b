"""What a page needs of a widget to draw it without a kernel: its modules as one script, weights as text."""

import base64
from typing import Any

import numpy as np

from nnlearn.engine.primitive import plain
from nnlearn.layers.module import Module
from nnlearn.models.convnet import ConvNet
from nnlearn.widgets.explorer import MIME, Explorer, bundle

GREYS = 15  # steps from paper to ink of the pictures that a page carries


def script(name: str) -> str:
    """What a page without a kernel runs: each figure of that kind comes to life in its picture's place."""
    return (
        f"(() => {{\n{bundle(name, 'host')}\n"
        f"""const wake = () => document.querySelectorAll('[data-figure="{name}"]').forEach((place) => """
        "{ try { mount(place, { render, alone }); } catch (error) { console.warn(error); } });\n"
        "document.readyState === 'loading' ? addEventListener('DOMContentLoaded', wake) : wake();\n})();\n"
    )


def kinds() -> dict[str, type[Explorer]]:
    """The living figures by their classes' names."""
    from nnlearn import widgets

    return {name: getattr(widgets, name) for name in widgets.__all__ if name != "Explorer"}


def modules() -> list[str]:
    """The modules of js/ that draw a figure."""
    return sorted({kind.module for kind in kinds().values()})


def assets() -> dict[str, str]:
    """The files that figures ask a page for, by their names."""
    return {name: text for kind in kinds().values() for name, text in kind.assets().items()}


def stored(output: Any, files: bool = True) -> Explorer | None:
    """The living figure of a notebook's stored output as it stood, or None where it holds none.

    Without `files` it is None too for a figure that reads some beside its page.
    """
    known = output.get("data", {}).get(MIME)
    kind = kinds()[known["widget"]] if known else None
    return kind(**known["values"]) if kind and (files or not kind.files) else None


def text_of(values: np.ndarray) -> str:
    """An array's bytes in base64: `bytes` of js/living.mjs takes them apart."""
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def by_twos(greys: np.ndarray) -> str:
    """Whole numbers from 0 to GREYS, two a byte, for `greysOf` of js/weights.mjs."""
    pairs = greys.astype(np.uint8).reshape(-1, 2)
    return text_of(pairs[:, 0] << 4 | pairs[:, 1])


def convnet_tensors(net: ConvNet) -> dict[str, str]:
    """A network of two convolutions for js/convnet.mjs and js/slopes.mjs, in 32 bits."""
    one, two = net.convolutions
    parts = {"W1": one.W, "b1": one.b, "W2": two.W, "b2": two.b, "W": net.classify.W, "b": net.classify.b}
    return {name: text_of(plain(value).astype(np.float32)) for name, value in parts.items()}


def rounded(W: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """W ≈ q · scale, row by row, q whole numbers from −127 to 127.  (n, m) -> (n, m) int8, (n,) float32"""
    scale = np.abs(W).max(axis=1).astype(np.float32) / 127
    scale[scale == 0] = 1
    return np.rint(W / scale[:, None]).astype(np.int8), scale


def in_eight_bits(matrices: dict[str, np.ndarray], vectors: dict[str, np.ndarray]) -> dict[str, Any]:
    """Weights for `unpack` of js/weights.mjs, as JSON: matrices `rounded`, vectors in 32 bits."""
    pairs = [rounded(W) for W in matrices.values()]
    return {
        "tensors": [[name, *W.shape] for name, W in matrices.items()],
        "rounded": text_of(np.concatenate([q.ravel() for q, _ in pairs])),
        "scales": text_of(np.concatenate([scale for _, scale in pairs])),
        "vectors": {name: text_of(v.astype(np.float32)) for name, v in vectors.items()},
    }


def by_outputs(W: np.ndarray) -> np.ndarray:
    """A layer's weights with a row for each output: a linear layer's (n, m), a convolution's (m, c, 3, 3)."""
    return W.T if W.ndim == 2 else W.reshape(len(W), -1)


def packed(net: Module) -> dict[str, Any]:
    """A network of linear layers and convolutions for js/weights.mjs: its matrices in 8 bits."""
    state = net.state_dict()
    matrices = {name: by_outputs(W) for name, W in state.items() if W.ndim > 1}
    return in_eight_bits(matrices, {name: b for name, b in state.items() if b.ndim == 1})


def as_the_page_has_it(net: Any) -> Any:
    """The same network, every matrix rounded to 8 bits and back."""
    for p in net.parameters():
        if p.data.ndim > 1:
            q, scale = rounded(by_outputs(p.data))
            W = q * scale[:, None]
            p.data[...] = W.T if p.data.ndim == 2 else W.reshape(p.data.shape)
    return net
