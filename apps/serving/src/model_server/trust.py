"""Refuses models that can run code when they are loaded or used.

MLflow's MLFLOW_ALLOW_MODEL_CODE_EXECUTION cannot be this switch: `false` refuses every model that
is loaded as a pyfunc, whatever its format.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from mlflow.models import Model

from model_server.errors import ALLOW_PICKLE, LoadError
from model_server.reasons import skops_advice
from model_server.skops_file import check_skops_file

_PREDICT_FUNCTIONS = ("predict", "predict_proba", "predict_log_proba", "predict_joint_log_proba")


def refuse_untrusted(model: Model, folder: Path) -> None:
    """Raise a `LoadError` unless the model is a scikit-learn one in skops format whose file holds
    only what is known to be harmless."""
    pyfunc = _flavor(model, "python_function")
    sklearn = _flavor(model, "sklearn")
    loader = pyfunc.get("loader_module")
    if loader != "mlflow.sklearn":
        raise LoadError(
            f"its loader {loader} may run code that comes with the model, and this server accepts "
            f"only scikit-learn models in skops format by default: {ALLOW_PICKLE}"
        )
    saved_as = sklearn.get("serialization_format", "pickle")
    if saved_as != "skops":
        raise LoadError(
            f"it is saved in {saved_as} format, which runs code when loaded: "
            f"{skops_advice(model.mlflow_version)}, or, {ALLOW_PICKLE}"
        )
    if pyfunc.get("code") or sklearn.get("code"):
        raise LoadError(
            "it brings its own Python files: log it without code_paths if it does not need them, "
            f"or, {ALLOW_PICKLE}"
        )
    predict = pyfunc.get("predict_fn", "predict")
    if predict not in _PREDICT_FUNCTIONS:
        raise LoadError(
            f"its pyfunc_predict_fn is {predict!r}: use one of {', '.join(_PREDICT_FUNCTIONS)}"
        )
    check_skops_file(_model_file(model, pyfunc, folder))


def _flavor(model: Model, name: str) -> dict[str, Any]:
    flavor = (model.flavors or {}).get(name, {})
    if not isinstance(flavor, dict):
        raise LoadError(f"its MLmodel is damaged, flavor {name} is not a mapping: log it again")
    return flavor


def _model_file(model: Model, pyfunc: dict[str, Any], folder: Path) -> Path:
    """The file that MLflow reads. A path elsewhere would make it follow another MLmodel, or show
    another file of this container as the input example."""
    example = (model.saved_input_example_info or {}).get("artifact_path")
    for name in (pyfunc.get("model_path"), example):
        if name is not None and (
            not isinstance(name, str) or name == ".." or PurePosixPath(name).name != name
        ):
            raise LoadError(f"its file {name} is not next to its MLmodel: log it again")
    file = folder / str(pyfunc.get("model_path"))
    if "data" in pyfunc or not file.is_file():
        raise LoadError("its MLmodel does not name its model file (model_path): log it again")
    if any(path.is_symlink() for path in folder.rglob("*")):
        raise LoadError("its folder holds symbolic links: log it again")
    return file
