"""Python models, pickled with their code so that the server needs no module of the tests."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import cloudpickle
import mlflow.pyfunc
import pandas as pd

cloudpickle.register_pickle_by_value(sys.modules[__name__])


class Waiting(mlflow.pyfunc.PythonModel):
    """Announces each prediction with a file and answers once a gate file is gone."""

    def __init__(self, gate: Path) -> None:
        self.gate = str(gate)

    def predict(self, context: object, model_input: pd.DataFrame) -> list[float]:
        gate = Path(self.gate)
        if gate.exists():
            gate.with_suffix(".reached").touch()
        while gate.exists():
            time.sleep(0.01)
        return [1.0] * len(model_input)


class Failing(mlflow.pyfunc.PythonModel):
    """Raises, or ends the process, once a file exists; the proof before serving still passes."""

    def __init__(self, trigger: Path, leave: bool) -> None:
        self.trigger = str(trigger)
        self.leave = leave

    def predict(self, context: object, model_input: pd.DataFrame) -> list[float]:
        if Path(self.trigger).exists():
            if self.leave:
                sys.exit(1)
            raise KeyError("lost")
        return [1.0] * len(model_input)


class Hanging(mlflow.pyfunc.PythonModel):
    """Loads once a gate file is gone, as one does that waits for a network it cannot reach."""

    def __init__(self, gate: Path) -> None:
        self.gate = str(gate)

    def load_context(self, context: object) -> None:
        while Path(self.gate).exists():
            time.sleep(0.01)

    def predict(self, context: object, model_input: pd.DataFrame) -> list[float]:
        return [1.0] * len(model_input)


class Leaving(mlflow.pyfunc.PythonModel):
    """Ends its process without an exception, as a native library may, once a file exists."""

    def __init__(self, trigger: Path) -> None:
        self.trigger = str(trigger)

    def predict(self, context: object, model_input: pd.DataFrame) -> list[float]:
        if Path(self.trigger).exists():
            os._exit(3)
        return [1.0] * len(model_input)


class Echo(mlflow.pyfunc.PythonModel):
    """Answers with each row as text, so that a value that changed on its way is seen."""

    def predict(
        self, context: object, model_input: pd.DataFrame, params: dict[str, object] | None = None
    ) -> list[str]:
        rows = model_input.to_dict(orient="records")
        return [f"{sorted(row.items(), key=str)} {params or ''}" for row in rows]


class Moody(mlflow.pyfunc.PythonModel):
    """Waits for a gate file to go, or answers at length, if the first row asks for that."""

    HANGS, TALKS = 1000.0, 2000.0

    def __init__(self, gate: Path) -> None:
        self.gate = str(gate)

    def predict(self, context: object, model_input: pd.DataFrame) -> list[float] | list[str]:
        age = model_input["age"].iloc[0]
        while age == self.HANGS and Path(self.gate).exists():
            time.sleep(0.01)
        if age == self.TALKS:
            return ["x" * 8_000_000]
        return [1.0] * len(model_input)


class Mirror(mlflow.pyfunc.PythonModel):
    """Answers with its input as it is: a frame, an array, or a dict of arrays."""

    def predict(self, context: object, model_input: Any) -> Any:  # noqa: ANN401
        return model_input
