"""Why a version cannot be served, in one sentence that names the mismatch and the fix."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml
from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from model_server.errors import LoadError, RegistryError, in_short
from model_server.requirements import images_command, version_here

# The leading parts of a version that must match for one release to read what another has saved.
_PARTS = {"scikit-learn": 2, "Python": 2, "skops": 2, "numpy": 1, "pandas": 1, "cloudpickle": 1}
_FIRST_MLFLOW_WITH_SKOPS = {"sklearn": Version("3.9"), "lightgbm": Version("3.10")}
# What another release of a library causes; a wrong value in a request causes other errors.
_OF_STRUCTURE = (AttributeError, ImportError, TypeError)
_PATH = re.compile(r"(?<=') from '.*?'(?=>)")
_NO_ATTRIBUTE = re.compile(r"Can't get attribute '(.+?)' on <module '(.+?)'")


def load_failure_reason(
    error: BaseException, folder: Path | None = None, model: str = "", alias: str = ""
) -> str:
    """What went wrong while a version was downloaded, loaded or proven, and what to do about it.

    `folder` has the files of the version, as far as they arrived; `alias` of `model` names it.
    """
    if isinstance(error, RegistryError):
        return f"the tracking server did not deliver it: {error}"
    if isinstance(error, LoadError):
        what, cause = str(error), error.__cause__
        if not isinstance(cause, _OF_STRUCTURE):
            return what
    else:
        cause = error
        what = "it cannot be loaded: " + _PATH.sub("", in_short(error))
    recorded = _recorded(folder) if folder else {}
    if isinstance(cause, ModuleNotFoundError) and _is_a_package(cause.name):
        return _missing_package(str(cause.name), recorded, images_command(model, alias))
    lost = _NO_ATTRIBUTE.match(str(cause))
    if lost and lost[2].rpartition(".")[2] in ("__main__", "__mp_main__"):
        return (
            f"it needs {lost[1]!r} of the notebook or script that logged it, which a pickle leaves "
            'out: log it with serialization_format="cloudpickle"'
        )
    if isinstance(cause, SystemExit | MemoryError | OSError):
        return what
    differing = list(_differing(recorded))
    return f"{what}; {_advice(differing)}" if differing else what


def skops_advice(flavor: str, mlflow_version: str | None) -> str:
    """How to log a model without a pickle, for the users of this MLflow version."""
    how = (
        f'log it with mlflow.{flavor}.log_model(..., serialization_format="skops"), with the types '
        "that MLflow then asks for in skops_trusted_types"
    )
    theirs = _version(mlflow_version)
    first = _FIRST_MLFLOW_WITH_SKOPS[flavor]
    if theirs is None or theirs >= first:
        return how
    return (
        f"{how}, and MLflow {first} or later (MLflow {theirs}, which logged it, "
        f"has no such format; this server has {_here('mlflow')})"
    )


@dataclass(frozen=True)
class _Difference:
    name: str
    saved: Version
    here: Version


def _differing(recorded: dict[str, Version]) -> Iterator[_Difference]:
    for name, parts in _PARTS.items():
        saved, here = recorded.get(name), _here(name)
        if saved and here and saved.release[:parts] != here.release[:parts]:
            yield _Difference(name, saved, here)
    saved, here = recorded.get("mlflow"), _here("mlflow")
    if saved and here and saved.release[:2] > here.release[:2]:
        yield _Difference("MLflow", saved, here)


def _advice(differing: list[_Difference]) -> str:
    saved = " and ".join(f"{one.name} {one.saved}" for one in differing)
    here = " and ".join(f"{one.name} {one.here}" for one in differing)
    return (
        f"it was saved with {saved}, and this server has {here}: train and log it with {here}, or "
        f"build the server's image with {saved}"
    )


def _missing_package(module: str, recorded: dict[str, Version], command: str) -> str:
    named = f" ({module}=={recorded[module]})" if module in recorded else ""
    return (
        f"it needs the Python module {module!r}{named}, which the model server does not have: "
        f"build an image with it ({command}), or log a model that does without"
    )


def _is_a_package(module: str | None) -> bool:
    """Whether a missing module is one to install, not an inner part of a library that is here."""
    package = (module or "").partition(".")[0]
    return bool(package) and not package.startswith("_") and find_spec(package) is None


def _recorded(folder: Path) -> dict[str, Version]:
    """The versions that the model was saved with, by package, as far as its files name them."""
    found = {**_pinned(folder / "requirements.txt"), **_described(folder / "MLmodel")}
    return {name: version for name, text in found.items() if (version := _version(text))}


def _described(path: Path) -> dict[str, str]:
    try:
        model = yaml.safe_load(path.read_text())
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return {}
    described = {
        "scikit-learn": _at(model, "flavors", "sklearn", "sklearn_version"),
        "Python": _at(model, "flavors", "python_function", "python_version"),
        "mlflow": _at(model, "mlflow_version"),
    }
    return {name: str(value) for name, value in described.items() if value is not None}


def _at(tree: Any, *keys: str) -> Any:  # noqa: ANN401
    for key in keys:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree


def _pinned(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text().splitlines()
    except (OSError, ValueError):
        return {}
    pinned = {}
    for line in lines:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:  # an option, a comment
            continue
        for one in requirement.specifier:
            if one.operator == "==":
                pinned[requirement.name] = one.version
    return pinned


def _version(text: str | None) -> Version | None:
    try:
        return Version(text or "")
    except InvalidVersion:
        return None


def _here(name: str) -> Version | None:
    return Version(platform.python_version()) if name == "Python" else version_here(name)
