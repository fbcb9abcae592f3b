"""The outcome of a check as a card: what was expected beside what came, number by number or as pictures."""

import base64
import html
import io
from collections.abc import Iterator
from typing import Any

import numpy as np

from nnlearn.exercises.comparison import wrong_elements
from nnlearn.exercises.values import describe

MOST = 8  # rows and columns of an array that a table shows
SMALLEST, LARGEST = 8, 400  # rows and columns of a matrix that is shown as a picture; what is beyond is cut
_WRONG = "background:rgba(200,100,27,.22);font-weight:700"
_CELL = "padding:1px 7px;text-align:right;font-family:monospace"


def side_by_side(expected: Any, got: Any, rtol: float, atol: float) -> str:
    """HTML of two values that should be equal; "" where a sentence says it as well."""
    rows = [
        row for name, want, have in _outputs(expected, got) if (row := _row(name, want, have, rtol, atol))
    ]
    if not rows:
        return ""
    style = "border-spacing:10px 2px;border-collapse:separate;margin:4px 0;white-space:normal"
    head = "<tr><td></td><th style='text-align:left'>expected</th><th style='text-align:left'>yours</th></tr>"
    return f"<table style='{style}'>{head}{''.join(rows)}</table>"


def _outputs(expected: Any, got: Any) -> Iterator[tuple[str, Any, Any]]:
    """(name, expected, got) of each output; one without a name where there is one."""
    if isinstance(expected, dict) and isinstance(got, dict) and expected.keys() == got.keys():
        yield from ((key, expected[key], got[key]) for key in expected)
    elif isinstance(expected, tuple | list) and isinstance(got, tuple | list) and len(expected) == len(got):
        for k, (want, have) in enumerate(zip(expected, got, strict=True)):
            yield f"value {k + 1}", want, have
    else:
        yield "", expected, got


def _row(name: str, want: Any, have: Any, rtol: float, atol: float) -> str:
    real = all(isinstance(value, np.ndarray) and value.dtype.kind != "c" for value in (want, have))
    if not real:
        if not name:
            return ""
        cells = [html.escape(describe(value)) for value in (want, have)]
        marks = ["", "" if repr(want) == repr(have) else _WRONG]
    elif want.ndim == have.ndim == 0 and not name:
        return ""
    elif want.shape != have.shape:
        cells, marks = [_numbers(want, None), _numbers(have, None)], ["", ""]
        if not all(cells):
            return ""
        cells = [f"{_shape(a)}{cell}" for a, cell in zip((want, have), cells, strict=True)]
    else:
        wrong = wrong_elements(want, have, rtol, atol)
        if min(want.shape, default=0) >= SMALLEST and want.ndim == 2:
            cells = _pictures(want, have)
        else:
            cells = [_numbers(want, None), _numbers(have, wrong)]
        marks = ["", ""]
        if not all(cells):
            return ""
    columns = "".join(
        f"<td style='text-align:left;vertical-align:top;{mark}'>{cell}</td>"
        for cell, mark in zip(cells, marks, strict=True)
    )
    return f"<tr><td style='text-align:left;vertical-align:top'>{html.escape(name)}</td>{columns}</tr>"


def _shape(array: np.ndarray) -> str:
    return f"<div>shape {array.shape}</div>" if array.ndim else "<div>a single number</div>"


def _numbers(array: np.ndarray, wrong: np.ndarray | None) -> str:
    """A table of a number, a row or a matrix, its first rows and columns; "" for more axes or none at all."""
    if array.ndim > 2 or not array.size:
        return ""
    marked = np.zeros(array.shape, bool) if wrong is None else wrong
    shown, marked = np.atleast_2d(array)[:MOST, :MOST], np.atleast_2d(marked)[:MOST, :MOST]
    wide, long = np.atleast_2d(array).shape[1] > MOST, np.atleast_2d(array).shape[0] > MOST
    rows = [
        "".join(
            f"<td style='{_CELL};{_WRONG if mark else ''}'>{_number(value)}</td>"
            for value, mark in zip(values, marks, strict=True)
        )
        + ("<td>…</td>" if wide else "")
        for values, marks in zip(shown, marked, strict=True)
    ]
    rows += ["<td>…</td>"] if long else []
    return f"<table style='border-spacing:0'>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def _number(value: Any) -> str:
    return (
        f"{value:.4g}".replace("-", "−") if isinstance(value, np.number | float) else html.escape(str(value))
    )


def _pictures(want: np.ndarray, have: np.ndarray) -> list[str]:
    """Two matrices as pictures with one scale: blue below zero, orange above; grey where nothing is below."""
    both = np.concatenate([want.ravel(), have.ravel()]).astype(float)
    finite = both[np.isfinite(both)]
    reach = float(np.abs(finite).max(initial=0.0)) or 1.0
    signed = bool((finite < 0).any())
    return [_picture(array[:LARGEST, :LARGEST].astype(float) / reach, signed) for array in (want, have)]


def _picture(array: np.ndarray, signed: bool) -> str:
    from PIL import Image  # the sandbox, where answers run, has NumPy alone

    v = np.nan_to_num(array, nan=0.0, posinf=1.0, neginf=-1.0)[..., None]
    end = np.where(v < 0, [0, 114, 178], [213, 94, 0]) if signed else np.zeros(3)
    pixels = np.rint(255 + (end - 255) * np.abs(v)) if signed else np.rint(255 * np.clip(v, 0, 1)) + end
    scale = max(1, 160 // max(array.shape))
    image = Image.fromarray(np.kron(pixels, np.ones((scale, scale, 1))).astype(np.uint8))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    text = base64.b64encode(buffer.getvalue()).decode()
    alt = "a matrix of {}×{} numbers as a picture".format(*array.shape)
    return f"<img alt='{alt}' src='data:image/png;base64,{text}'>"
