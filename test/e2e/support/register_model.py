"""Registers a model version of each kind for the end-to-end tests, and prints their numbers."""

import os
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import skops.io
from data import TARGET, load_data
from mlflow.models import infer_signature
from sklearn.dummy import DummyRegressor
from sklearn.neighbors import KNeighborsRegressor
from sklearn.tree import DecisionTreeRegressor
from training import input_example

DATA = load_data()
SIGNATURE = infer_signature(DATA.x_train, DATA.train[[TARGET]])


def constant(value: float) -> DummyRegressor:
    return DummyRegressor(strategy="constant", constant=value).fit(DATA.x_train, DATA.y_train)


def crashing() -> DecisionTreeRegressor:
    """Its first node points far outside the tree: predicting reads memory that is not there."""
    model = DecisionTreeRegressor().fit(DATA.x_train, DATA.y_train)
    state = model.tree_.__getstate__()
    state["nodes"]["left_child"][0] = state["nodes"]["right_child"][0] = 2**40
    model.tree_.__setstate__(state)
    return model


def oversized() -> KNeighborsRegressor:
    """Zeros: a small file that takes 1.5 GiB of memory once it is loaded."""
    model = KNeighborsRegressor(1, algorithm="brute").fit(DATA.x_train, DATA.y_train)
    columns = DATA.x_train.shape[1]
    model._fit_X = np.zeros((3 * 2**29 // 8 // columns, columns))
    model._y = np.zeros(len(model._fit_X))
    model.n_samples_fit_ = len(model._fit_X)
    return model


class Waiting(mlflow.pyfunc.PythonModel):
    """Waits for half a second, as for a GPU or a feature store, and takes no CPU meanwhile."""

    def predict(self, model_input: pd.DataFrame) -> list[float]:
        time.sleep(0.5)
        return [0.0] * len(model_input)


def log(kind: str, value: float) -> str:
    """Log a model in the active run and return its URI."""
    if kind == "waiting":
        example = input_example(DATA.x_train)
        return mlflow.pyfunc.log_model(
            name="model",
            python_model=Waiting(),
            signature=SIGNATURE,
            input_example=example,
            pip_requirements=["scikit-learn"],
        ).model_uri
    if kind in ("crashing", "oversized"):
        # a sound model whose file is exchanged: nothing here may predict with the other one
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model"
            mlflow.sklearn.save_model(
                constant(value),
                path,
                signature=SIGNATURE,
                serialization_format="skops",
                skops_trusted_types=["sklearn.tree._tree.Tree"],
            )
            other = crashing() if kind == "crashing" else oversized()
            skops.io.dump(other, path / "model.skops", compression=zipfile.ZIP_DEFLATED)
            mlflow.log_artifacts(str(path), "model")
        return f"runs:/{mlflow.active_run().info.run_id}/model"
    example = input_example(DATA.x_train)
    described = {"signature": SIGNATURE, "input_example": example}
    return mlflow.sklearn.log_model(
        constant(value),
        name="model",
        serialization_format="cloudpickle" if kind == "pickled" else "skops",
        pip_requirements=["scikit-learn"],
        **({} if kind == "unsigned" else described),
    ).model_uri


def main(kind: str, value: float) -> str:
    """A model that always predicts `value` (`constant`), or one that must not be served."""
    mlflow.set_experiment(os.environ["EXPERIMENT_NAME"])
    with mlflow.start_run(run_name=f"e2e-{kind}"):
        uri = log(kind, value)
    return str(mlflow.register_model(uri, os.environ["MODEL_NAME"]).version)


# in the last line: MLflow prints a run's address when it ends
print(*[main(kind, float(sys.argv[1])) for kind in sys.argv[2:]])
