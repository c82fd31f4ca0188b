"""A model from code, as MLflow stores it: this file is the model."""

import mlflow
import pandas as pd


class Doubled(mlflow.pyfunc.PythonModel):
    def predict(self, context: object, model_input: pd.DataFrame) -> list[float]:
        return (model_input["x"] * 2).tolist()


mlflow.models.set_model(Doubled())
