"""Refuses models that can run code when they are loaded or used.

What counts is the format of the file, not the library that reads it. `docs/reference/flavors.md`
lists the file format of each flavor of MLflow, and whether it is accepted here.

MLflow's MLFLOW_ALLOW_MODEL_CODE_EXECUTION cannot be this switch: `false` refuses every model that
is loaded as a pyfunc, whatever its format.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from mlflow.models import Model

from model_server.boosters import FormatError, check_lightgbm, check_xgboost
from model_server.errors import ALLOW_PICKLE, LoadError
from model_server.reasons import skops_advice
from model_server.skops_file import check_skops_file

_PREDICT_FUNCTIONS = ("predict", "predict_proba", "predict_log_proba", "predict_joint_log_proba")
_DATA = "mlflow.sklearn, mlflow.xgboost, mlflow.lightgbm, mlflow.catboost or mlflow.onnx"
_TO_ONNX = "convert it to ONNX and log it with mlflow.onnx.log_model"
_WITHOUT_CODE = {
    "pyfunc": (
        f"log the estimator that it calls by itself, with {_DATA}, and leave the rest to the client"
    ),
    "statsmodels": (
        "statsmodels has no other format: fit the same model with scikit-learn, such as "
        "LinearRegression for OLS, and log it with mlflow.sklearn.log_model"
    ),
    **dict.fromkeys(("pytorch", "tensorflow", "keras"), _TO_ONNX),
}


class _Parts(NamedTuple):
    """A model as its MLmodel describes it."""

    model: Model
    pyfunc: dict[str, Any]
    flavor: dict[str, Any]
    file: Path


def refuse_untrusted(model: Model, folder: Path) -> None:
    """Raise a `LoadError` unless the model is nothing but data, in a file of a known format."""
    pyfunc = _mapping(model, "python_function")
    loader = str(pyfunc.get("loader_module"))
    name = loader.removeprefix("mlflow.").partition(".")[0]
    if loader not in _CHECKS:
        what = f"flavor {name}" if loader.startswith("mlflow.") else f"loader {loader}"
        way = _WITHOUT_CODE.get(name, f"log it with {_DATA}")
        raise LoadError(
            f"its {what} runs code when it loads {_code_file(pyfunc)}: {way}, or, {ALLOW_PICKLE}"
        )
    flavor = _mapping(model, name)
    code = pyfunc.get("code") or flavor.get("code")
    if code:
        raise LoadError(
            f"its flavor {name} brings its own Python files in {code}: log it without code_paths "
            f"if it does not need them, or, {ALLOW_PICKLE}"
        )
    _check_predict(name, pyfunc)
    parts = _Parts(model, pyfunc, flavor, _model_file(model, pyfunc, flavor, folder))
    try:
        _CHECKS[loader](parts)
    except FormatError as error:
        raise LoadError(
            f"its flavor {name} keeps it in {parts.file.name}, which {error}: log it again with "
            f"mlflow.{name}.log_model"
        ) from error


def unpickles(model: Model) -> bool:
    """Whether another release of Python may fail to load it."""
    loader = str(_mapping(model, "python_function").get("loader_module"))
    flavor = _mapping(model, loader.removeprefix("mlflow."))
    needs_skops = loader == "mlflow.sklearn" or "serialization_format" in flavor
    return loader not in _CHECKS or (needs_skops and flavor.get("serialization_format") != "skops")


def _check_sklearn(parts: _Parts) -> None:
    _require_skops(parts, parts.flavor.get("serialization_format", "pickle"))
    check_skops_file(parts.file)


def _check_lightgbm(parts: _Parts) -> None:
    if parts.flavor.get("model_class") == "lightgbm.basic.Booster":
        _require_name(parts.file, "model.lgb")
        check_lightgbm(_text(parts.file))
        return
    _require_skops(parts, parts.flavor.get("serialization_format", "cloudpickle"))
    check_skops_file(parts.file)


def _check_xgboost(parts: _Parts) -> None:
    wrapped = ("XGBClassifier", "XGBRanker", "XGBRegressor", "XGBRFClassifier", "XGBRFRegressor")
    known = ("xgboost.core.Booster", *(f"xgboost.sklearn.{name}" for name in wrapped))
    kind = parts.flavor.get("model_class", known[0])
    if kind not in known:
        raise LoadError(
            f"its class {kind} is not one of XGBoost: log it as one of {', '.join(wrapped)} or as "
            f"a Booster, or, {ALLOW_PICKLE}"
        )
    # XGBoost chooses the format by this name.
    _require_name(parts.file, "model.ubj", "model.json")
    check_xgboost(parts.file.read_bytes(), text=parts.file.suffix == ".json")


def _check_catboost(parts: _Parts) -> None:
    _require_name(parts.file, "model.cb")
    if parts.flavor.get("save_format") != "cbm":
        raise LoadError(
            f"its flavor catboost keeps it in {parts.file.name}, in the format "
            f"{parts.flavor.get('save_format')}: log it without format=, or, {ALLOW_PICKLE}"
        )
    with parts.file.open("rb") as file:
        if file.read(4) != b"CBM1":
            raise FormatError("is not a model of CatBoost in the format cbm")


def _check_onnx(parts: _Parts) -> None:
    """ONNX Runtime refuses what is not ONNX and numbers in files outside of the folder. Options
    could name other files, and an execution provider may call a service."""
    _require_name(parts.file, "model.onnx")
    options = parts.flavor.get("onnx_session_options") or {}
    if not isinstance(options, dict) or options.get("extra_session_config"):
        raise LoadError(
            "its onnx_session_options have an extra_session_config, which may name files: log it "
            f"without that, or, {ALLOW_PICKLE}"
        )
    providers = parts.flavor.get("providers") or []
    if not all(name in ("CUDAExecutionProvider", "CPUExecutionProvider") for name in providers):
        raise LoadError(
            "its onnx_execution_providers are not those of MLflow: log it with "
            f'onnx_execution_providers=["CPUExecutionProvider"], or, {ALLOW_PICKLE}'
        )


_CHECKS: dict[str, Callable[[_Parts], None]] = {
    "mlflow.sklearn": _check_sklearn,
    "mlflow.xgboost": _check_xgboost,
    "mlflow.lightgbm": _check_lightgbm,
    "mlflow.catboost": _check_catboost,
    "mlflow.onnx": _check_onnx,
}


def _require_skops(parts: _Parts, saved_as: object) -> None:
    if saved_as != "skops":
        name = str(parts.pyfunc["loader_module"]).removeprefix("mlflow.")
        raise LoadError(
            f"its flavor {name} keeps it in {parts.file.name}, in {saved_as} format, which runs "
            f"code when loaded: {skops_advice(name, parts.model.mlflow_version)}, or, "
            f"{ALLOW_PICKLE}"
        )


def _require_name(file: Path, *names: str) -> None:
    if file.name not in names:
        raise FormatError(f"is not called {' or '.join(names)}")


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except UnicodeDecodeError as error:
        raise FormatError(f"is not text ({error})") from error


def _mapping(model: Model, name: str) -> dict[str, Any]:
    flavor = (model.flavors or {}).get(name, {})
    if not isinstance(flavor, dict):
        raise LoadError(f"its MLmodel is damaged, flavor {name} is not a mapping: log it again")
    return flavor


def _code_file(pyfunc: dict[str, Any]) -> str:
    """The file with the code, as far as MLmodel names it."""
    for name in ("model_code_path", "python_model", "model_path", "data", "code"):
        if pyfunc.get(name):
            return PurePosixPath(str(pyfunc[name])).name
    return "its files"


def _check_predict(name: str, pyfunc: dict[str, Any]) -> None:
    known = _PREDICT_FUNCTIONS if name == "sklearn" else ("predict",)
    predict = pyfunc.get("predict_fn", "predict")
    if predict not in known:
        raise LoadError(
            f"its pyfunc_predict_fn is {predict!r}, which MLflow cannot serve: use one of "
            f"{', '.join(known)}, or log a Python model that calls it and, {ALLOW_PICKLE}"
        )


def _model_file(model: Model, pyfunc: dict[str, Any], flavor: dict[str, Any], folder: Path) -> Path:
    """The file that MLflow reads. A path elsewhere would make it follow another MLmodel, or show
    another file of this container as the input example."""
    example = (model.saved_input_example_info or {}).get("artifact_path")
    sklearn = pyfunc["loader_module"] == "mlflow.sklearn"
    field = "model_path" if sklearn else "data"
    for name in (pyfunc.get(field), example):
        if name is not None and (
            not isinstance(name, str) or name == ".." or PurePosixPath(name).name != name
        ):
            raise LoadError(f"its file {name} is not next to its MLmodel: log it again")
    file = folder / str(pyfunc.get(field))
    named_twice = "data" in pyfunc if sklearn else flavor.get("data") != pyfunc.get("data")
    if named_twice or not file.is_file():
        raise LoadError(f"its MLmodel does not name its model file ({field}): log it again")
    if any(path.is_symlink() for path in folder.rglob("*")):
        raise LoadError("its folder holds symbolic links: log it again")
    return file
