"""What the flavors of MLflow need that are known: how a model of each takes rows and predicts.

No library is imported here: a server holds only that of the model which it serves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import pandas as pd
from mlflow.pyfunc import PyFuncModel
from mlflow.types.schema import DataType, Schema
from sklearn.feature_extraction.text import _VectorizerMixin

from model_server.columns import column_names
from model_server.errors import LoadError
from model_server.wording import quoted

Predict = Callable[[Any], object]
# Those whose pyfunc is no more than a call of the model's own function.
_DIRECT = tuple(f"mlflow.{name}" for name in ("sklearn", "xgboost", "lightgbm", "catboost", "onnx"))
# Those that are to get every column, and whose models have scikit-learn's functions.
ESTIMATORS = _DIRECT[:4]


@dataclass(frozen=True)
class Asked:
    """How a loaded model is asked; both are past what MLflow does around it."""

    predict: Predict | None
    """None if only MLflow's own function will do."""
    probabilities: Predict | None
    classes: list[Any]
    """The labels that the probabilities are of, in their order."""
    prepare: Callable[[pd.DataFrame], Any] | None
    """What decoded rows become before the model gets them."""


def asked(pyfunc: PyFuncModel, inputs: Schema) -> Asked:
    """How to ask a model of this flavor."""
    flavor = pyfunc.metadata.flavors["python_function"]
    loader = flavor["loader_module"]
    if loader not in _DIRECT:
        return Asked(None, None, [], None)
    predict = getattr(pyfunc._model_impl, flavor.get("predict_fn", "predict"))
    if loader not in ESTIMATORS:
        return Asked(predict, None, [], None)
    model = pyfunc.get_raw_model()
    classes = getattr(model, "classes_", None)
    probabilities = getattr(model, "predict_proba", None)
    if probabilities is None or getattr(classes, "ndim", 0) != 1:  # a list for several outputs
        probabilities, classes = None, None
    labels = [] if classes is None else classes.tolist()
    return Asked(predict, probabilities, labels, _preparation(loader, model, inputs))


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


def _preparation(loader: str, model: Any, inputs: Schema) -> Callable[..., Any] | None:  # noqa: ANN401
    if loader == "mlflow.sklearn" and len(inputs.inputs) == 1 and _reads_texts(model):
        return lambda rows: rows.iloc[:, 0]
    names = _categories(loader, model, inputs)
    if not names:
        return None
    return lambda rows: rows.astype(
        {name: "category" for name in rows.columns if str(name) in names}
    )


def _reads_texts(model: Any) -> bool:  # noqa: ANN401
    """Whether it takes a list of texts, of which a frame has only one: the name of its column."""
    while True:
        if hasattr(model, "best_estimator_"):
            model = model.best_estimator_
        elif getattr(model, "steps", None):
            model = model.steps[0][1]
        elif getattr(model, "transformer_list", None):
            model = model.transformer_list[0][1]
        else:
            return isinstance(model, _VectorizerMixin)


def _categories(loader: str, model: Any, inputs: Schema) -> set[str]:  # noqa: ANN401
    """The columns that were of pandas' type category in training, which a signature calls text."""
    if loader == "mlflow.xgboost":
        booster = model.get_booster() if hasattr(model, "get_booster") else model
        kinds = zip(booster.feature_names or (), booster.feature_types or (), strict=False)
        names = {name for name, kind in kinds if kind == "c"}
        if names and booster.get_categories().empty():
            raise LoadError(
                f"it has categories ({quoted(min(names))}) but not their names, which XGBoost "
                "keeps since 3.1: train and log it with that, or encode them in a pipeline"
            )
        return names
    texts = {
        name
        for name, spec in zip(column_names(inputs) or (), inputs.inputs, strict=False)
        if spec.type == DataType.string
    }
    # No column of LightGBM is text.
    return texts if loader == "mlflow.lightgbm" else set()
