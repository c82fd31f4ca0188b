"""Checks sizes that compiled code of SciPy and scikit-learn relies on when it writes to an array.

For indices, labels and shapes in a model file that do not match, Python and NumPy raise an error.
The functions here would write past the end of an array, even values that the file chooses.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from scipy.sparse import _bsr, _compressed
from sklearn.ensemble import _gb
from sklearn.neighbors import _classification


@cache
def keep_bounds() -> None:
    """Have these sizes checked from now on, in the whole process."""
    for kind in (_compressed._cs_matrix, _bsr._bsr_base):
        kind.check_format = _in_full(kind.check_format)
    for kind in (_classification.ArgKminClassMode, _classification.RadiusNeighborsClassMode):
        kind.compute = staticmethod(_with_known_labels(kind.compute))
    _gb.predict_stages = _with_room(_gb.predict_stages)


def _in_full(check: Callable[..., None]) -> Callable[..., None]:
    """SciPy's own check of the indices, which it leaves out when it makes a sparse matrix."""
    return lambda matrix, full_check=True: check(matrix, full_check=True)


def _with_known_labels(compute: Callable[..., Any]) -> Callable[..., Any]:
    """Nearest neighbours: each counts for the class with the number that is its label."""

    def checked(
        X: Any,  # noqa: ANN401, N803
        Y: Any,  # noqa: ANN401, N803
        Y_labels: np.ndarray,  # noqa: N803
        unique_Y_labels: np.ndarray,  # noqa: N803
        **options: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        known = (Y_labels >= 0) & (Y_labels < len(unique_Y_labels))
        if len(Y_labels) != Y.shape[0] or not known.all():
            raise ValueError("the labels of the neighbors do not match the classes of the model")
        return compute(X, Y, Y_labels=Y_labels, unique_Y_labels=unique_Y_labels, **options)

    return checked


def _with_room(predict_stages: Callable[..., None]) -> Callable[..., None]:
    """Gradient boosting: each column of trees adds to the column of the same number in `out`."""

    def checked(estimators: np.ndarray, rows: Any, scale: float, out: np.ndarray) -> None:  # noqa: ANN401
        if out.shape != (rows.shape[0], estimators.shape[1]):
            raise ValueError("the trees of the model do not match its classes")
        predict_stages(estimators, rows, scale, out)

    return checked
