"""Sets that scikit-learn brings with it; it loads when first needed.

Sets come as `X, y`: X float32 with one example a row, y the labels (integers) or targets (float32).
"""

from typing import Any

import numpy as np

from nnlearn.data.examples import Set


def _bundled(name: str, **options: Any) -> Any:
    from sklearn import datasets

    return getattr(datasets, f"load_{name}")(**options)


def _table(name: str, **options: Any) -> Set:
    X, y = _bundled(name, return_X_y=True, **options)
    return X.astype(np.float32), y.astype(np.int64 if y.dtype.kind == "i" else np.float32)


def iris() -> Set:
    """Three species of iris, 50 flowers each: sepal and petal length and width in cm.  (150, 4), (150,)

    Source: R. A. Fisher (1936).
    """
    return _table("iris")


def wine() -> Set:
    """Chemical analysis of wines from three growers.  (178, 13), (178,)  Source: M. Forina et al. (1988)."""
    return _table("wine")


def breast_cancer() -> Set:
    """Measurements of cell nuclei; 0 malignant, 1 benign.  (569, 30), (569,)

    Source: W. Street et al. (1993).
    """
    return _table("breast_cancer")


def diabetes() -> Set:
    """Ten measurements of a patient, and the disease's progression after a year.  (442, 10), (442,)

    Age in years, blood pressure in mm Hg and so on, not scaled.  Source: B. Efron et al. (2004).
    """
    return _table("diabetes", scaled=False)


def digits(images: bool = False) -> Set:
    """Handwritten digits of 8×8 pixels, 0 paper to 1 ink.  (1797, 64), or (1797, 1, 8, 8) as images; (1797,)

    Source: E. Alpaydin and C. Kaynak (1998).
    """
    X, y = _table("digits")
    return (X / 16).reshape((-1, 1, 8, 8) if images else (-1, 64)), y


def names(which: str) -> tuple[list[str], list[str]]:
    """The names of a bundled set's features and of its classes (none for regression).

    Raises ValueError for a set that is not bundled.
    """
    known = ("iris", "wine", "breast_cancer", "diabetes", "digits")
    if which not in known:
        raise ValueError(f"names: got {which!r}, expected one of {', '.join(known)}")
    bunch = _bundled(which)
    return [str(n) for n in bunch.feature_names], [str(n) for n in getattr(bunch, "target_names", [])]


def photographs() -> np.ndarray:
    """Two colour photographs, a temple and a flower, in [0, 1].  (2, 3, 427, 640)"""
    images = np.stack(_bundled("sample_images").images)
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2), dtype=np.float32) / 255
