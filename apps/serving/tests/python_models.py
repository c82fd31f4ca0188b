"""Python models, pickled with their code so that the server needs no module of the tests."""

from __future__ import annotations

import sys
import time
from pathlib import Path

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
