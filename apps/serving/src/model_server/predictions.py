"""Predictions as JSON: plain numbers, strings, lists and objects, whatever the model returned."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray
from pydantic import BaseModel

_DOUBLE = np.dtype(np.float64)


def to_json(predictions: object, **more: object) -> bytes:
    """The body of an answer. JSON has no NaN, so a missing or infinite value becomes null."""
    return json.dumps(plain({"predictions": predictions, **more}), allow_nan=False).encode()


def plain(value: object) -> object:
    """Lists for arrays and series, a list of objects for a frame, Python's own scalars inside."""
    if isinstance(value, np.ndarray):
        # Most answers: finite numbers, which need no look at each one.
        if value.dtype.kind in "iub" or (value.dtype.kind == "f" and np.isfinite(value).all()):
            return value.astype(_DOUBLE).tolist() if value.dtype.itemsize > 8 else value.tolist()
        return [plain(item) for item in value] if value.ndim else _scalar(value[()])
    if isinstance(value, pd.DataFrame):
        return _records(value)
    if isinstance(value, (pd.Series, pd.Index, ExtensionArray)):
        return [plain(item) for item in value.tolist()]
    if hasattr(value, "toarray"):  # scipy's sparse matrices
        return plain(value.toarray())
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, BaseModel):
        return plain(value.model_dump())
    if isinstance(value, (list, tuple, set, Iterator)):  # a generator is read to its end
        return [plain(item) for item in value]
    return _scalar(value)


def _records(frame: pd.DataFrame) -> list[object]:
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise TypeError(f"the predictions have the column {twice!r} twice")
    return [plain(row) for row in frame.to_dict(orient="records")]


def _scalar(value: object) -> object:
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, (pd.Timestamp, date)):
        return value.isoformat()
    if isinstance(value, np.datetime64):
        return _scalar(pd.Timestamp(value))
    if isinstance(value, (np.timedelta64, timedelta)):
        span = pd.Timedelta(value)
        return None if span is pd.NaT else span.isoformat()
    if isinstance(value, np.longdouble | Decimal):  # whose item() is one again; and SQL's numbers
        value = float(value)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, (bool, int, str)):
        return value
    raise TypeError(f"a prediction of type {type(value).__name__} cannot be written as JSON")
