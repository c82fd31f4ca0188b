"""What the flavors of MLflow need that are known: how a model of each takes rows and predicts.

No library is imported here: a server holds only that of the model which it serves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
from mlflow.pyfunc import PyFuncModel
from mlflow.types.schema import DataType, Schema
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import _VectorizerMixin
from sklearn.preprocessing import FunctionTransformer

from model_server.columns import column_names
from model_server.errors import LoadError
from model_server.wording import quoted

Predict = Callable[[Any], object]
# Those whose pyfunc is no more than a call of the model's own function.
_DIRECT = tuple(f"mlflow.{name}" for name in ("sklearn", "xgboost", "lightgbm", "catboost", "onnx"))
# Those whose models need every column and have scikit-learn's functions.
ESTIMATORS = _DIRECT[:4]
_ONNX_NUMBERS = {"tensor(float)": np.dtype("float32"), "tensor(double)": np.dtype("float64")}


@dataclass(frozen=True)
class Asked:
    """How a loaded model is called; both skip what MLflow does around it."""

    predict: Predict | None
    """None if only MLflow's own function will do."""
    probabilities: Predict | None
    classes: list[Any]
    """The labels that the probabilities are of, in their order."""
    prepare: Callable[[pd.DataFrame], Any] | None
    """What decoded rows become before the model gets them."""
    estimator: Any = None
    """What `predict` is a function of, if it has scikit-learn's functions."""


def asked(pyfunc: PyFuncModel, inputs: Schema) -> Asked:
    """How to call a model of this flavor."""
    flavor = pyfunc.metadata.flavors["python_function"]
    loader = flavor["loader_module"]
    if loader not in _DIRECT:
        return Asked(None, None, [], None)
    predict = getattr(pyfunc._model_impl, flavor.get("predict_fn", "predict"))
    if loader not in ESTIMATORS:
        return Asked(_ask_onnx(pyfunc._model_impl), None, [], None)
    model = pyfunc.get_raw_model()
    classes = getattr(model, "classes_", None)
    probabilities = getattr(model, "predict_proba", None)
    if probabilities is None or getattr(classes, "ndim", 0) != 1:  # a list for several outputs
        probabilities, classes = None, None
    labels = [] if classes is None else classes.tolist()
    return Asked(predict, probabilities, labels, _preparation(model, inputs), model)


@cache
def limit_threads() -> None:
    """ONNX Runtime starts a thread for each core of the machine, for each model; others follow an
    environment variable."""
    onnxruntime = import_module("onnxruntime")
    options = onnxruntime.SessionOptions

    def single() -> Any:  # noqa: ANN401
        made = options()
        made.intra_op_num_threads = made.inter_op_num_threads = 1
        return made

    onnxruntime.SessionOptions = single


def _ask_onnx(wrapper: Any) -> Predict:  # noqa: ANN401
    """MLflow's own function, but for frames: there it flattens every output, and feeds columns in
    one shape, whatever the graph asks for."""
    inputs = wrapper.rt.get_inputs()

    def feed(wanted: Any, values: np.ndarray) -> np.ndarray:  # noqa: ANN401
        rank = len(wanted.shape or values.shape)
        if values.size == len(values) and rank != values.ndim:
            values = values.reshape(-1, *[1] * (rank - 1))
        return values.astype(_ONNX_NUMBERS.get(wanted.type, values.dtype), copy=False)

    def predict(data: Any) -> object:  # noqa: ANN401
        if not isinstance(data, pd.DataFrame):
            return wrapper.predict(data)
        one = len(inputs) == 1
        feeds = {
            wanted.name: feed(wanted, (data if one else data[wanted.name]).to_numpy())
            for wanted in inputs
        }
        outputs = wrapper.predict(feeds)
        if any(len(values) != len(data) for values in outputs.values()):
            return outputs
        return pd.DataFrame({name: _per_row(values) for name, values in outputs.items()})

    return predict


def _per_row(values: Any) -> Any:  # noqa: ANN401
    """A value for each row: a number where there is one, else a list or an object."""
    single = isinstance(values, np.ndarray) and values.size == len(values)
    return values.ravel() if single else pd.Series(list(values), dtype=object)


def _preparation(model: Any, inputs: Schema) -> Callable[..., Any] | None:  # noqa: ANN401
    reader = _reader(model)
    if isinstance(reader, _VectorizerMixin) and len(inputs.inputs) == 1:
        # It takes a list of texts, of which a frame has only one: the name of its column.
        return lambda rows: np.ravel(rows.to_numpy() if isinstance(rows, pd.DataFrame) else rows)
    if isinstance(reader, DictVectorizer):
        return lambda rows: [row.dropna().to_dict() for _, row in rows.astype(object).iterrows()]
    names = _categories(reader, inputs)
    if not names:
        return None
    return lambda rows: rows.astype(
        {name: "category" for name in rows.columns if str(name) in names}
    )


# Where estimators of scikit-learn keep those that they pass their rows on to.
_INNER = (
    *("best_estimator_", "steps", "transformer_list", "calibrated_classifiers_", "estimators_"),
    *("estimator_", "estimator", "regressor_"),
)


def _reader(model: Any) -> Any:  # noqa: ANN401
    """What gets the rows first, inside of everything that only passes them on."""
    for name in _INNER:
        inner = getattr(model, name, None)
        for part in inner if isinstance(inner, list) else [inner]:
            found = part[1] if isinstance(part, tuple) else part
            if not isinstance(found, str | FunctionTransformer | None):
                return _reader(found)
    return model


def _categories(reader: Any, inputs: Schema) -> set[str]:  # noqa: ANN401
    """The columns that were of pandas' type category in training, which a signature calls text."""
    library = type(reader).__module__.partition(".")[0]
    if library == "xgboost":
        booster = reader.get_booster() if hasattr(reader, "get_booster") else reader
        kinds = zip(booster.feature_names or (), booster.feature_types or (), strict=False)
        names = {name for name, kind in kinds if kind == "c"}
        if names and booster.get_categories().empty():
            raise LoadError(
                f"it has categories ({quoted(min(names))}) but not their names, which XGBoost "
                "keeps since 3.1: train and log it with 3.1 or later, or encode them in a pipeline"
            )
        return names
    return _lightgbm_categories(reader, inputs) if library == "lightgbm" else set()


def _lightgbm_categories(reader: Any, inputs: Schema) -> set[str]:  # noqa: ANN401
    """No column of LightGBM is text. Categories of numbers, which a signature calls numbers, are
    known by the values that the model has seen."""
    booster = getattr(reader, "booster_", reader)
    names = column_names(inputs) or []
    found = {
        name
        for name, spec in zip(names, inputs.inputs, strict=False)
        if spec.type == DataType.string
    }
    expected = len(booster.pandas_categorical or ())
    if len(found) < expected:
        seen = booster.dump_model(num_iteration=1)["feature_infos"]
        features = zip(names, booster.feature_name(), strict=False)
        found |= {name for name, feature in features if seen.get(feature, {}).get("values")}
    if len(found) != expected:
        raise LoadError(
            f"it was trained with {expected} columns of pandas' type category, but its signature "
            f'shows {len(found)}: convert them to text with astype(str).astype("category"), '
            "train it, and log it with signature=mlflow.models.infer_signature(rows)"
        )
    return found
