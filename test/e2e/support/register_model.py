"""Registers a model version for the end-to-end tests and prints its number."""

import os
import sys

import mlflow
from sklearn.dummy import DummyRegressor
from training import input_example, load_data
from training.tracking import signature


def main(kind: str, value: float) -> str:
    """A model that always predicts `value`: sound, saved as a pickle, or without a signature."""
    data = load_data()
    model = DummyRegressor(strategy="constant", constant=value).fit(data.x_train, data.y_train)
    mlflow.set_experiment(os.environ["EXPERIMENT_NAME"])
    described = {"signature": signature(data), "input_example": input_example(data.x_train)}
    with mlflow.start_run(run_name=f"e2e-{kind}"):
        logged = mlflow.sklearn.log_model(
            model,
            name="model",
            serialization_format="cloudpickle" if kind == "pickled" else "skops",
            pip_requirements=["scikit-learn"],
            **({} if kind == "unsigned" else described),
        )
    return str(mlflow.register_model(logged.model_uri, os.environ["MODEL_NAME"]).version)


print(main(sys.argv[1], float(sys.argv[2])))
