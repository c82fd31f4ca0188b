"""Compares the requirements of a version with what this server has."""

from __future__ import annotations

import platform
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

_NAME = re.compile(r"[\w.-]+")
# The parts of a version that must agree; of most packages major and minor.
_PARTS = {"cloudpickle": 1, "mlflow": 1, "mlflow-skinny": 1, "numpy": 1, "pandas": 1}
# What models are made with may have another version than the server's; its own packages may not.
_LIBRARIES = frozenset(
    {
        *("catboost", "joblib", "lightgbm", "onnx", "onnxruntime", "patsy", "scikit-learn"),
        *("scipy", "statsmodels", "threadpoolctl", "xgboost-cpu"),
    }
)
# Other packages with the same modules.
_SAME = {
    "mlflow-skinny": "mlflow",
    "onnxruntime-gpu": "onnxruntime",
    "xgboost": "xgboost-cpu",
}


@dataclass(frozen=True)
class Unmet:
    """A required package that is missing here or has another version."""

    wanted: str
    here: str
    is_missing: bool = False
    """Whether the package is not here at all."""

    @property
    def package(self) -> str:
        """Name of the package to install for it."""
        return name_here(_NAME.match(self.wanted)[0])

    @property
    def can_be_installed(self) -> bool:
        """Whether an image may have it: Python, and what the server is built on, stay."""
        return self.is_missing or self.package in _LIBRARIES


def unmet_python(wanted: str | None) -> list[Unmet]:
    """Another release of Python often fails to unpickle what one has pickled."""
    here = platform.python_version()
    if wanted is None or wanted.split(".")[:2] == here.split(".")[:2]:
        return []
    return [Unmet(f"Python {wanted}", f"Python {here}")]


def unmet_requirements(file: Path) -> list[Unmet]:
    """What the server lacks of the model's requirements.txt. The patch level may differ."""
    try:
        lines = file.read_text().splitlines()
    except (OSError, ValueError):
        return []
    return [unmet for line in lines for unmet in _unmet(line)]


def _unmet(line: str) -> Iterator[Unmet]:
    try:
        requirement = Requirement(line.partition(" #")[0])
    except InvalidRequirement:  # an option, a comment, a file
        return
    if requirement.marker is not None and not requirement.marker.evaluate():
        return
    name = canonicalize_name(requirement.name)
    here = version_here(name)
    if here is None:
        yield Unmet(f"{name}{requirement.specifier}", f"no {name}", is_missing=True)
    elif not all(
        one.contains(here, prereleases=True) or _same_release(name, one.operator, one.version, here)
        for one in requirement.specifier
    ):
        yield Unmet(f"{name}{requirement.specifier}", f"{name} {here}")


def _same_release(name: str, operator: str, wanted: str, here: Version) -> bool:
    if operator not in ("==", "==="):
        return False
    try:
        release = Version(wanted).release
    except InvalidVersion:
        return False
    parts = _PARTS.get(name, 2)
    return (*release, 0, 0)[:parts] == (*here.release, 0, 0)[:parts]


def name_here(name: str) -> str:
    """What a package is called that this server has, or would have."""
    canonical = canonicalize_name(name)
    return _SAME.get(canonical, canonical)


def version_here(name: str) -> Version | None:
    """The version of a package that this server has."""
    for candidate in (name, name_here(name)):
        try:
            return Version(installed(candidate))
        except (PackageNotFoundError, InvalidVersion):
            continue
    return None


def images_command(model: str, alias: str) -> str:
    """What builds an image with the packages that the version requires."""
    return f"`npm run images -- --model {shlex.quote(f'{model}@{alias}')}`"


def requirements_reason(unmet: list[Unmet], model: str, alias: str) -> str:
    """One sentence with the fixes."""
    wanted = ", ".join(one.wanted for one in unmet)
    here = ", ".join(one.here for one in unmet)
    way = "log the model with what this server has"
    if all(one.can_be_installed for one in unmet):
        way = (
            f"run {images_command(model, alias)}, which builds an image with them and "
            f"prints the setting for it, or {way}"
        )
    return f"it requires {wanted}, and this server has {here}: {way}"
