"""How each library's models are logged: in the format that loads without running code, if any."""

import importlib
import re
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import (
    PackageNotFoundError,
    distribution,
    packages_distributions,
    version,
)
from pathlib import Path
from types import ModuleType
from typing import Any

import mlflow.pyfunc
from mlflow.models.model import ModelInfo

from training.errors import TrainingError

# Those with another name than their module, or than MLflow's flavor for them.
_PACKAGES = {
    "paddle": "paddlepaddle",
    "pytorch": "torch",
    "sklearn": "scikit-learn",
    "spark": "pyspark",
}


@dataclass(frozen=True)
class Flavor:
    module: ModuleType
    options: Mapping[str, Any] = field(default_factory=dict)
    """Further arguments of save_model and log_model."""
    packages: tuple[str, ...] = ()
    """Modules that the model imports in addition to those of every model."""

    def save(self, model: Any, path: Path) -> None:  # noqa: ANN401
        """For this process, so that MLflow need not work out requirements: that takes it long."""
        args, named = self._model_argument(model)
        options = {**named, **self.options, "pip_requirements": []}
        self.module.save_model(*args, path=str(path), **options)

    def log(self, model: Any, options: Mapping[str, Any]) -> ModelInfo:  # noqa: ANN401
        args, named = self._model_argument(model)
        return self.module.log_model(*args, **{**named, **self.options, **options})

    def _model_argument(self, model: object) -> tuple[list[object], dict[str, object]]:
        # The only flavor whose first parameter is not the model.
        return ([], {"python_model": model}) if self.module is mlflow.pyfunc else ([model], {})


def flavor_of(model: object, module: ModuleType | None = None) -> Flavor:
    """The flavor of a model's library, the most specific first: XGBClassifier is a scikit-learn
    estimator as well. `module` such as mlflow.pytorch takes the place of that choice."""
    if module is not None:
        return Flavor(module, packages=(module.__name__.rpartition(".")[2],))
    libraries = _libraries(model)
    for name in ("xgboost", "lightgbm", "catboost", "onnx", "statsmodels"):
        if name in libraries:
            packages = ("onnx", "onnxruntime") if name == "onnx" else (name,)
            estimator = ("sklearn", "skops") if "sklearn" in libraries else ()
            return Flavor(_mlflow(name), packages=packages + estimator)
    if "sklearn" in libraries:
        return Flavor(_mlflow("sklearn"), _skops(model), ("sklearn", "skops"))
    if isinstance(model, mlflow.pyfunc.PythonModel | str | Path):
        return Flavor(mlflow.pyfunc)
    raise TrainingError(
        f"no flavor of MLflow is known for a {type(model).__name__}: give flavor, such as "
        "flavor=mlflow.pytorch"
    )


def predictions_of(model: Any, flavor: Flavor, features: Any) -> Any:  # noqa: ANN401
    """The predictions for these rows, as the model server makes them."""
    if "sklearn" in _libraries(model):
        return model.predict(features)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        flavor.save(model, path)
        return mlflow.pyfunc.load_model(str(path)).predict(features)


def requirements(flavor: Flavor, lock: Path | None) -> list[str]:
    """What the model needs, at the versions it was trained with, and all that its folder's lock
    adds. Named because working it out takes MLflow a second process and half a minute."""
    found = map(_distribution, ("mlflow", "pandas", "numpy", *flavor.packages))
    named = {one: f"{one}=={version(one)}" for one in found if one}
    locked = re.findall(r"^([\w.-]+)==([^\s;\\]+)", lock.read_text(), re.M) if lock else []
    return list((named | {name: f"{name}=={pinned}" for name, pinned in locked}).values())


def _skops(model: object) -> dict[str, Any]:
    import skops.io

    # The server has its own list of types; this one lets people load what they trained themselves.
    trusted = skops.io.get_untrusted_types(data=skops.io.dumps(model))
    return {"serialization_format": "skops", "skops_trusted_types": trusted}


def _libraries(model: object) -> set[str]:
    return {one.__module__.partition(".")[0] for one in type(model).__mro__}


@cache
def _distribution(module: str) -> str | None:
    """The installed package that a module is from."""
    # by its name first: which package a file is from takes a second to find out
    with suppress(PackageNotFoundError):
        return distribution(_PACKAGES.get(module, module)).name
    return next(iter(packages_distributions().get(module, [])), None)


@cache
def _mlflow(name: str) -> ModuleType:
    return importlib.import_module(f"mlflow.{name}")
