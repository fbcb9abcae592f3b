"""Convolution, its transpose, pooling and upsampling (from chapter 12 on).

Images are (B, C, H, W); in memory the channels lie last, so that a patch is a few long runs of memory, and a
convolution one matrix product of all patches with all kernels.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nnlearn.engine.primitive import Array, Fused, Result, Rule, floating, primitive
from nnlearn.engine.shapes import broadcast_to
from nnlearn.functions.numerics import sum_rows


@primitive
def conv2d(
    x: Array, W: Array, b: Array | None = None, stride: int = 1, padding: int = 0, dilation: int = 1
) -> Rule:
    """y[o, i, j] = Σ W[o, c, u, v] x[c, i·s + u·d − p, j·s + v·d − p] + b[o], for each image of the batch.

    x: (B, C_in, H, W), W: (C_out, C_in, kh, kw), b: (C_out,) -> (B, C_out, H', W'),
    H' = (H + 2 padding − dilation (kh − 1) − 1) // stride + 1. Raises ValueError when shapes do not fit.
    """
    _check(x, W, b, stride, padding, dilation)
    B, C, H, width = x.shape
    O, _, kh, kw = W.shape
    image = _pad(floating(x).transpose(0, 2, 3, 1), padding)
    patches, out = _patches(image, kh, kw, stride, dilation)
    kernel = W.transpose(2, 3, 1, 0).reshape(-1, O)
    y = patches @ kernel
    if b is not None:
        y += b

    def backward(g: np.ndarray, needs: list[bool]) -> tuple:
        rows = g.transpose(0, 2, 3, 1).reshape(-1, O)
        dx = dW = db = None
        if needs[0] and stride == 1 and padding <= dilation * (min(kh, kw) - 1):
            dx = _slide_back(rows.reshape(B, *out, O), W, padding, dilation)
        elif needs[0]:
            dx = np.zeros((B, H + 2 * padding, width + 2 * padding, C), g.dtype)
            parts = (rows @ kernel.T).reshape(B, *out, kh, kw, C)
            for u, v, window in _windows(dx, kh, kw, stride, dilation, out):
                window += parts[:, :, :, u, v]
            dx = dx[:, padding : padding + H, padding : padding + width].transpose(0, 3, 1, 2)
        if needs[1]:
            dW = (patches.T @ rows).reshape(kh, kw, C, O).transpose(3, 2, 0, 1)
        if len(needs) > 2 and needs[2]:
            db = sum_rows(rows)
        return dx, dW, db

    return y.reshape(B, *out, O).transpose(0, 3, 1, 2), Fused(backward)


def _check(x: Array, W: Array, b: Array | None, stride: int, padding: int, dilation: int) -> None:
    if min(stride, dilation) < 1 or padding < 0:
        raise ValueError(
            f"conv2d: stride and dilation must be 1 or more and padding 0 or more, "
            f"got {stride}, {dilation} and {padding}"
        )
    if x.ndim != 4 or W.ndim != 4 or x.shape[1] != W.shape[1]:
        raise ValueError(f"conv2d: x {x.shape} must be (B, C_in, H, W) and W {W.shape} (C_out, C_in, kh, kw)")
    if b is not None and b.shape != W.shape[:1]:
        raise ValueError(
            f"conv2d: b is {b.shape} but W {W.shape} needs one number for each of {W.shape[0]} kernels"
        )
    for n, k in zip(x.shape[2:], W.shape[2:], strict=True):
        if n + 2 * padding < dilation * (k - 1) + 1:
            raise ValueError(
                f"conv2d: a kernel {W.shape[2:]} with dilation {dilation} is larger than "
                f"the image {x.shape[2:]} with padding {padding}"
            )


def _pad(image: np.ndarray, p: int) -> np.ndarray:
    """Zeros around images (B, H, W, C); contiguous, so that a row of a patch is one run of memory."""
    if p == 0:
        return np.ascontiguousarray(image)
    B, H, W, C = image.shape
    padded = np.zeros((B, H + 2 * p, W + 2 * p, C), image.dtype)
    padded[:, p : p + H, p : p + W] = image
    return padded


def _patches(
    image: np.ndarray, kh: int, kw: int, stride: int, dilation: int
) -> tuple[np.ndarray, tuple[int, int]]:
    """Each patch as a row: (B · H' · W', kh · kw · C); and (H', W')."""
    B, H, W, C = image.shape
    out = (H - dilation * (kh - 1) - 1) // stride + 1, (W - dilation * (kw - 1) - 1) // stride + 1
    if kh == kw == stride == 1:
        return image.reshape(-1, C), out
    if dilation == 1 and C > 2:  # long runs: one strided copy
        s = image.strides
        shape, strides = (B, *out, kh, kw * C), (s[0], s[1] * stride, s[2] * stride, s[1], s[3])
        view = np.lib.stride_tricks.as_strided(image, shape, strides)
        return view.reshape(B * out[0] * out[1], kh * kw * C), out
    patches = np.empty((B, *out, kh, kw, C), image.dtype)
    for u, v, window in _windows(image, kh, kw, stride, dilation, out):
        patches[:, :, :, u, v] = window
    return patches.reshape(B * out[0] * out[1], kh * kw * C), out


def _windows(
    image: np.ndarray, kh: int, kw: int, stride: int, dilation: int, out: tuple[int, int]
) -> Iterator[tuple[int, int, np.ndarray]]:
    """For each place (u, v) in the kernel, the values it meets as the kernel slides: (B, H', W', C)."""
    for u in range(kh):
        for v in range(kw):
            top, left = u * dilation, v * dilation
            yield (
                u,
                v,
                image[:, top : top + stride * out[0] : stride, left : left + stride * out[1] : stride][
                    :, : out[0], : out[1]
                ],
            )


def _slide_back(g: np.ndarray, W: Array, padding: int, dilation: int) -> np.ndarray:
    """The gradient of x when the stride is 1: g convolved with the kernels turned around."""
    O, C, kh, kw = W.shape
    B, H, width, _ = g.shape
    top, left = dilation * (kh - 1) - padding, dilation * (kw - 1) - padding  # of zeros around g
    image = np.zeros((B, H + 2 * top, width + 2 * left, O), g.dtype)
    image[:, top : top + H, left : left + width] = g
    patches, out = _patches(image, kh, kw, 1, dilation)
    turned = W[:, :, ::-1, ::-1].transpose(2, 3, 0, 1).reshape(-1, C)
    return (patches @ turned).reshape(B, *out, C).transpose(0, 3, 1, 2)


@primitive
def conv_transpose2d(
    x: Array, W: Array, b: Array | None = None, stride: int = 1, padding: int = 0, output_padding: int = 0
) -> Rule:
    """y[o, i·s + u − p, j·s + v − p] += W[c, o, u, v] x[c, i, j], from b[o] on, for each image of the batch.

    Each pixel lays down its kernel, `stride` apart: the transpose of `conv2d`, whose gradient of x this is.
    x: (B, C_in, H, W), W: (C_in, C_out, kh, kw), b: (C_out,) -> (B, C_out, H', W'),
    H' = (H − 1) stride − 2 padding + kh + output_padding. Raises ValueError when shapes do not fit.
    Source: Dumoulin & Visin (2016).
    """
    _check_transpose(x, W, b, stride, padding, output_padding)
    B, C, *size = x.shape
    _, O, kh, kw = W.shape
    canvas = [(n - 1) * stride + k + output_padding for n, k in zip(size, (kh, kw), strict=True)]
    inner = (slice(None), *(slice(padding, n - padding) for n in canvas))
    image = floating(x).transpose(0, 2, 3, 1)
    rows, kernel = image.reshape(-1, C), W.transpose(0, 2, 3, 1).reshape(C, -1)
    if stride == 1 and padding < min(kh, kw):
        y = _slide_back(image, W, padding, 1).transpose(0, 2, 3, 1)
    else:
        parts = (rows @ kernel).reshape(B, *size, kh, kw, O)
        y = np.zeros((B, *canvas, O), parts.dtype)
        for u, v, window in _windows(y, kh, kw, stride, 1, (size[0], size[1])):
            window += parts[:, :, :, u, v]
        y = y[inner]
    if b is not None:
        y += b

    def backward(g: np.ndarray, needs: list[bool]) -> tuple:
        around = np.zeros((B, *canvas, O), g.dtype)
        around[inner] = g.transpose(0, 2, 3, 1)
        patches, _ = _patches(around, kh, kw, stride, 1)
        dx = dW = db = None
        if needs[0]:
            dx = (patches @ kernel.T).reshape(B, *size, C).transpose(0, 3, 1, 2)
        if needs[1]:
            dW = (rows.T @ patches).reshape(C, kh, kw, O).transpose(0, 3, 1, 2)
        if len(needs) > 2 and needs[2]:
            db = sum_rows(around[inner].reshape(-1, O))
        return dx, dW, db

    return y.transpose(0, 3, 1, 2), Fused(backward)


def _check_transpose(
    x: Array, W: Array, b: Array | None, stride: int, padding: int, output_padding: int
) -> None:
    if stride < 1 or padding < 0 or not 0 <= output_padding < stride:
        raise ValueError(
            f"conv_transpose2d: stride must be 1 or more, padding 0 or more, output_padding from 0 to below "
            f"the stride; got {stride}, {padding} and {output_padding}"
        )
    if x.ndim != 4 or W.ndim != 4 or x.shape[1] != W.shape[0]:
        raise ValueError(
            f"conv_transpose2d: x {x.shape} must be (B, C_in, H, W) and W {W.shape} (C_in, C_out, kh, kw)"
        )
    if b is not None and b.shape != W.shape[1:2]:
        raise ValueError(
            f"conv_transpose2d: b is {b.shape} but W {W.shape} needs one number for each of "
            f"{W.shape[1]} kernels"
        )
    for n, k in zip(x.shape[2:], W.shape[2:], strict=True):
        if n < 1 or (n - 1) * stride + k + output_padding <= 2 * padding:
            raise ValueError(
                f"conv_transpose2d: of the image {x.shape[2:]} and a kernel {W.shape[2:]} nothing is left "
                f"with padding {padding} and stride {stride}"
            )


@primitive
def upsample(x: Array, factor: int) -> Rule:
    """Each pixel repeated, factor × factor times.  (B, C, H, W) -> (B, C, factor · H, factor · W)

    Raises ValueError unless x is a batch of images, and factor a whole number from 1 on.
    """
    if x.ndim != 4 or not isinstance(factor, int | np.integer) or factor < 1:
        raise ValueError(
            f"upsample: x {x.shape} must be (B, C, H, W), and factor a whole number from 1 on, got {factor}"
        )
    B, C, H, W = x.shape
    each = B, H, factor, W, factor, C
    y = broadcast_to(x.transpose(0, 2, 3, 1).reshape(B, H, 1, W, 1, C), each)
    return (
        y.reshape(B, H * factor, W * factor, C).transpose(0, 3, 1, 2),
        lambda g: g.transpose(0, 2, 3, 1).reshape(each).sum(axis=(2, 4)).transpose(0, 3, 1, 2),
    )


@primitive
def max_pool2d(x: Array, size: int, stride: int | None = None) -> Rule:
    """The largest value of each size × size window.  (B, C, H, W) -> (B, C, H', W')

    Windows lie `stride`, else size, apart: H' = (H − size) // stride + 1. Of equal values the first takes the
    gradient, and NaN counts as the largest. Raises ValueError when the window is larger than the image.
    """
    image, stride, out = _pooled(x, size, stride, "max_pool2d")
    windows = [window for _, _, window in _windows(image, size, size, stride, 1, out)]
    y = windows[0].copy()
    for window in windows[1:]:
        np.maximum(y, window, out=y)

    def backward(g: np.ndarray, needs: list[bool]) -> tuple:
        dx, g = np.zeros(image.shape, g.dtype), g.transpose(0, 2, 3, 1)
        waiting, spoilt = np.ones(y.shape, bool), np.isnan(y).any()
        for (_, _, target), window in zip(_windows(dx, size, size, stride, 1, out), windows, strict=True):
            hit = window == y
            if spoilt:
                hit |= np.isnan(window)
            hit &= waiting
            waiting ^= hit
            if stride < size:
                target += g * hit
            else:  # windows apart: each place is written once
                np.multiply(g, hit, out=target)
        return (dx.transpose(0, 3, 1, 2),)

    return y.transpose(0, 3, 1, 2), Fused(backward)


@primitive
def avg_pool2d(x: Array, size: int, stride: int | None = None) -> Rule:
    """The mean of each size × size window.  (B, C, H, W) -> (B, C, H', W')

    Windows lie `stride`, else size, apart: H' = (H − size) // stride + 1. Raises ValueError when the window
    is larger than the image.
    """
    image, stride, out = _pooled(floating(x), size, stride, "avg_pool2d")
    shape = image.shape
    windows = _windows(image, size, size, stride, 1, out)
    y = next(windows)[2].copy()
    for _, _, window in windows:
        y += window
    y /= size * size

    def backward(g: np.ndarray, needs: list[bool]) -> tuple:
        dx, g = np.zeros(shape, g.dtype), g.transpose(0, 2, 3, 1) / (size * size)
        for _, _, window in _windows(dx, size, size, stride, 1, out):
            window += g
        return (dx.transpose(0, 3, 1, 2),)

    return y.transpose(0, 3, 1, 2), Fused(backward)


def _pooled(x: Array, size: int, stride: int | None, name: str) -> tuple[np.ndarray, int, tuple[int, int]]:
    """The image with channels last, the stride, and (H', W')."""
    if x.ndim != 4 or size > min(x.shape[2:]):
        raise ValueError(f"{name}: x {x.shape} must be (B, C, H, W) with H and W of at least size = {size}")
    stride = size if stride is None else stride
    if size < 1 or stride < 1:
        raise ValueError(f"{name}: size and stride must be 1 or more, got {size} and {stride}")
    return x.transpose(0, 2, 3, 1), stride, tuple((n - size) // stride + 1 for n in x.shape[2:])  # type: ignore


def patches(x: Array, size: int) -> Result:
    """A picture cut into squares, row by row, each a row of numbers.  (B, C, H, W) -> (B, n, C · size²)

    n = H/size · W/size. Within a patch the order is that of a kernel of `conv2d`: channel, row, column.
    Raises ValueError for what is no batch of pictures, or a size that does not divide H and W.
    """
    if x.ndim != 4 or size < 1 or x.shape[2] % size or x.shape[3] % size:
        raise ValueError(f"patches: x {x.shape} must be (B, C, H, W), with H and W multiples of size, {size}")
    B, C, H, W = x.shape
    parts = x.reshape((B, C, H // size, size, W // size, size)).transpose((0, 2, 4, 1, 3, 5))
    return parts.reshape((B, (H // size) * (W // size), C * size * size))
