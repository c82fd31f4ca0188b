"""Models of numbers, called without pandas and without scikit-learn's checks of every call.

When a version is tried out, its child process looks for a quicker way to the same predictions: the
model as an ONNX graph, else the model itself on a plain array. It is used only if it predicts
the same as the model does for a frame, on many generated rows. It is written next to the version's
files, where the server finds it; without it the server answers the same way, only slower.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from model_server.columns import Column

Predict = Callable[[Any], Any]


@dataclass(frozen=True)
class Compiled:
    """A quicker way to the predictions of a matrix."""

    predict: Callable[[np.ndarray], np.ndarray]
    is_graph: bool
    is_short: bool
    """Whether it is only arithmetic, and so little that a few rows take a millisecond or two."""


_ROWS = 2000
_SHORT_BYTES = 4 * 1024 * 1024
# It takes several times its size in memory, next to the model, which was tried out without it.
MOST_BYTES = 16 * 1024 * 1024
_TOLERANCE = 1e-6
_JSON_TYPES = {
    "f": "number",
    "i": "integer",
    "u": "integer",
    "b": "boolean",
    "U": "text",
    "O": "text",
}
_GRAPH, _ARRAYS = "graph.onnx", "arrays"


def compile_model(model: Any, predict: Predict, frame: pd.DataFrame, folder: Path) -> None:  # noqa: ANN401
    """Write the first way into `folder` that predicts for the rows of `frame` what `predict` does.

    `predict` is a function of `model`, and the compiled form replaces nothing else.
    """
    from model_server.graphs import graphs

    expected = predict(frame)
    if not isinstance(expected, np.ndarray):
        return
    rows = frame.to_numpy(np.float64)
    for graph in graphs(model, rows.shape[1]):
        if len(graph) > MOST_BYTES:
            continue
        try:
            found = _run(graph)(rows)
        except Exception:  # an operator that ONNX Runtime lacks for this type
            continue
        if _equal(found, expected):
            _write(folder / _GRAPH, graph)
            return
    if _equal(_on_arrays(predict)(rows), expected):
        _write(folder / _ARRAYS, b"")


def read_compiled(folder: Path, predict: Predict) -> Compiled | None:
    """The compiled form that was written, if there is one."""
    if (folder / _GRAPH).is_file():
        graph = (folder / _GRAPH).read_bytes()
        return Compiled(_run(graph), is_graph=True, is_short=len(graph) <= _SHORT_BYTES)
    if (folder / _ARRAYS).is_file():
        return Compiled(_on_arrays(predict), is_graph=False, is_short=False)
    return None


def generated_rows(
    columns: Sequence[Column],
    ranges: Mapping[str, tuple[float, float]],
    example: pd.DataFrame,
) -> pd.DataFrame:
    """Rows around those of training where the model has a baseline, else around its example."""
    random = np.random.default_rng(0)
    rows = {}
    for column, label in zip(columns, example.columns, strict=True):
        if column.name in ranges:
            low, high = ranges[column.name]
            rim = 0.1 * (high - low)
            values = random.uniform(low - rim, high + rim, _ROWS)
        else:
            known = example[label].to_numpy(np.float64)
            middle = random.choice(known, _ROWS)
            spread = max(known.std(), np.abs(known).max()) or 1.0
            # near to the example in some rows, far from it in others
            values = random.normal(middle, spread * 10 ** random.uniform(-2, 1, _ROWS))
        rows[label] = column.decode((values if column.is_floating else values.round()).tolist())
    return pd.DataFrame(rows)


def _run(graph: bytes) -> Predict:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors, not that one converter declares one row
    session = onnxruntime.InferenceSession(graph, options)
    wanted, output = session.get_inputs()[0], session.get_outputs()[0].name
    single = wanted.type == "tensor(float)"

    def predict(rows: np.ndarray) -> np.ndarray:
        fed = rows.astype(np.float32) if single else rows
        values = session.run([output], {wanted.name: fed})[0]
        return values.ravel() if values.shape == (len(rows), 1) else values

    return predict


def _on_arrays(predict: Predict) -> Predict:
    # A model that was trained on a frame wants its names again; that the columns are those of the
    # signature, in its order, is known here.
    warnings.filterwarnings("ignore", "X does not have valid feature names")
    return predict


def _equal(found: object, expected: np.ndarray) -> bool:
    if not isinstance(found, np.ndarray) or found.shape != expected.shape:
        return False
    if _JSON_TYPES.get(found.dtype.kind) != _JSON_TYPES[expected.dtype.kind]:
        return False
    if expected.dtype.kind != "f":
        return bool((found == expected).all())
    if found.dtype.itemsize < expected.dtype.itemsize:
        return False  # 175.47992 in place of 175.48 would surprise a reader
    size = np.maximum(np.abs(expected), np.abs(expected).mean())
    return bool((np.abs(found - expected) <= _TOLERANCE * size).all())


def _write(path: Path, content: bytes) -> None:
    """All of it or nothing: the process may be ended at any moment."""
    path.parent.mkdir(exist_ok=True)
    half = path.with_suffix(".half")
    half.write_bytes(content)
    half.replace(path)
