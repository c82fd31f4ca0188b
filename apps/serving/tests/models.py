"""Real models, trained in milliseconds, logged and registered on a real MLflow."""

from __future__ import annotations

from typing import Any

import mlflow
import numpy as np
import pandas as pd
from joblib import parallel_config
from mlflow import MlflowClient
from mlflow.models import ModelSignature, infer_signature
from mlflow.types import ColSpec, DataType, Schema
from processes import ALIAS
from sklearn.base import BaseEstimator
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeRegressor

# Given explicitly, because working them out takes MLflow a second process and half a minute.
REQUIREMENTS = ["scikit-learn"]
FEATURES, TARGET = load_diabetes(return_X_y=True, as_frame=True)
EXAMPLE = FEATURES.head(3)


class Models:
    """Registers versions under one name and moves its alias."""

    def __init__(self, tracking_uri: str, name: str) -> None:
        self.uri = tracking_uri
        self.name = name
        self.client = MlflowClient(tracking_uri)
        mlflow.set_tracking_uri(tracking_uri)

    def add(self, model: BaseEstimator, example: Any = EXAMPLE, **options: Any) -> str:  # noqa: ANN401
        """Log a scikit-learn model with its signature, register it, answer its version."""
        if example is not None and "signature" not in options:
            options["signature"] = infer_signature(example, model.predict(example))
        if "serialization_format" not in options:
            options["skops_trusted_types"] = ["sklearn.tree._tree.Tree"]
        return self._register(mlflow.sklearn.log_model, model, input_example=example, **options)

    def add_python(self, model: mlflow.pyfunc.PythonModel, **options: Any) -> str:  # noqa: ANN401
        """Log a Python model, which MLflow pickles."""
        return self._register(mlflow.pyfunc.log_model, python_model=model, **options)

    def _register(self, log_model: Any, *args: Any, **options: Any) -> str:  # noqa: ANN401
        with mlflow.start_run():
            mlflow.log_metric("rmse", 54.5)
            options = {"name": "model", "pip_requirements": REQUIREMENTS, **options}
            info = log_model(*args, registered_model_name=self.name, **options)
        return str(info.registered_model_version)

    def promote(self, version: str) -> str:
        self.client.set_registered_model_alias(self.name, ALIAS, version)
        return version

    def remove_alias(self) -> None:
        self.client.delete_registered_model_alias(self.name, ALIAS)


def linear(slope: float = 1.0) -> LinearRegression:
    """A model whose predictions grow with `slope`, so versions can be told apart."""
    return LinearRegression().fit(FEATURES, TARGET * slope)


def forest() -> RandomForestRegressor:
    return RandomForestRegressor(100, random_state=0).fit(FEATURES, TARGET)


def classifier() -> tuple[LogisticRegression, pd.DataFrame]:
    features, target = load_iris(return_X_y=True, as_frame=True)
    names = np.array(["setosa", "versicolor", "virginica"])
    return LogisticRegression(max_iter=500).fit(features, names[target]), features.head(3)


def on_arrays() -> tuple[LinearRegression, np.ndarray]:
    """Trained without column names, which gives a tensor signature."""
    return LinearRegression().fit(FEATURES.to_numpy(), TARGET), FEATURES.head(3).to_numpy()


def parallel() -> BaseEstimator:
    """A column transformer that asks for four processes."""
    scaled = make_column_transformer(*((StandardScaler(), [name]) for name in FEATURES), n_jobs=4)
    model = make_pipeline(scaled, LinearRegression())
    with parallel_config("threading"):
        return model.fit(FEATURES, TARGET)


def crashing() -> DecisionTreeRegressor:
    """Its first node points far outside the tree: predicting reads memory that is not there."""
    model = DecisionTreeRegressor().fit(FEATURES, TARGET)
    state = model.tree_.__getstate__()
    state["nodes"]["left_child"][0] = state["nodes"]["right_child"][0] = 2**40
    model.tree_.__setstate__(state)
    return model


def too_large(mebibytes: int) -> KNeighborsRegressor:
    """Zeros, which take memory once the model is loaded."""
    model = KNeighborsRegressor(1, algorithm="brute").fit(FEATURES.head(5), np.zeros(5))
    rows = mebibytes * 2**20 // 8 // FEATURES.shape[1]
    model._fit_X, model._y = np.zeros((rows, FEATURES.shape[1])), np.zeros(rows)
    model.n_samples_fit_ = rows
    return model


def with_categories() -> tuple[BaseEstimator, pd.DataFrame, ModelSignature]:
    """A text column whose unknown values the model refuses, whole numbers, an optional double."""
    rows = pd.DataFrame(
        {"city": ["Bern", "Lyon"] * 20, "rooms": range(40), "area": [50.5, np.nan, 70, 80] * 10}
    )
    model = make_pipeline(
        make_column_transformer(
            (OneHotEncoder(sparse_output=False), ["city"]), remainder="passthrough"
        ),
        HistGradientBoostingRegressor(max_iter=5, min_samples_leaf=2),
    ).fit(rows, range(40))
    inputs = [
        ColSpec(DataType.string, "city"),
        ColSpec(DataType.long, "rooms"),
        ColSpec(DataType.double, "area", required=False),
    ]
    return model, rows.head(2), ModelSignature(Schema(inputs), Schema([ColSpec(DataType.double)]))
