"""Failures whose text goes to users."""

from typing import Literal

from mlflow.exceptions import MlflowException

Cause = Literal["crash", "memory", "timeout"]
"""How loading a version fails its process: it crashes, runs out of memory, or never returns."""

ALLOW_PICKLE = (
    "if every writer of the model registry is trusted, set allowPickle: true on the model (in the "
    "stack setting models)"
)

_END = 500


class InputError(Exception):
    """The request is wrong; the text is the reason that is returned with status 400."""


class LoadError(Exception):
    """A model version cannot be served; the text is the reason shown in `/model` and the log.

    It may quote the model, which must not write further lines to the log or fill it.
    """

    def __init__(self, reason: str) -> None:
        line = "".join(letter if letter.isprintable() else " " for letter in _shortened(reason))
        super().__init__(line)


class FatalLoadError(LoadError):
    """The version would have taken the server down with it."""

    def __init__(self, reason: str, cause: Cause) -> None:
        super().__init__(reason)
        self.cause = cause


class RegistryError(Exception):
    """The tracking server did not answer or refused to; the text is the reason."""


class ModelMissingError(RegistryError):
    """MLflow shows no model of that name. Unless `certain`, it may only be hidden from this user:
    MLflow answers both alike where users may read nothing by default."""

    def __init__(self, reason: str, *, certain: bool) -> None:
        super().__init__(reason)
        self.certain = certain


def _shortened(text: str) -> str:
    """Both ends of a long text: the end names the fix."""
    return text if len(text) <= 2 * _END else f"{text[:_END]}…{text[-_END:]}"


def in_short(error: BaseException, limit: int = 300) -> str:
    """One line of an exception that means something to a reader without the stack."""
    lines = str(error).strip().splitlines()
    line = lines[0].strip() if lines else ""
    line = line if len(line) <= limit else line[: limit - 1] + "…"
    name = type(error).__name__
    if isinstance(error, MlflowException | InputError | RegistryError):
        return line or name
    return f"{name}: {line}" if line else name
