"""A module of the tests that the model server does not have, as a missing dependency."""

from __future__ import annotations

import mlflow.pyfunc
import pandas as pd


class NeedsMore(mlflow.pyfunc.PythonModel):
    def predict(self, context: object, model_input: pd.DataFrame) -> list[float]:
        return [1.0] * len(model_input)
