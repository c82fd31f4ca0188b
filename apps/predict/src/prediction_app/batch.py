"""A CSV in, the same CSV with predictions out."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from prediction_app.client import ModelServer
from prediction_app.model import Model
from prediction_app.values import BadValueError, from_text

_CELLS_PER_REQUEST = 20_000
_FAULTS_SHOWN = 5


class BadFileError(Exception):
    """The file cannot be predicted; every fault is one sentence."""

    def __init__(self, *faults: str) -> None:
        super().__init__(" ".join(faults))
        self.faults = faults


def read_csv(content: bytes) -> pd.DataFrame:
    """Every cell as the text it is, so that nothing is guessed and nothing is lost."""
    try:
        frame = pd.read_csv(
            io.StringIO(content.decode("utf-8-sig")), dtype=str, keep_default_na=False
        )
    except UnicodeDecodeError:
        raise BadFileError("The file is not UTF-8 text; save it as CSV in UTF-8.") from None
    except (ValueError, pd.errors.ParserError):
        raise BadFileError(
            "The file is not a CSV with a header line and as many cells per row."
        ) from None
    if len(frame.columns) == 1 and ";" in str(frame.columns[0]):
        raise BadFileError("The columns are separated by semicolons; save the file with commas.")
    if frame.empty:
        raise BadFileError("The file has a header line but no rows.")
    return frame


def to_rows(model: Model, frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as they are sent to the model; BadFileError with what is wrong, column by column."""
    missing = [
        column.name for column in model.inputs if column.required and column.name not in frame
    ]
    if missing:
        raise BadFileError(
            f"The file lacks {_listed('column', missing)}.",
            f"It has {_listed('column', [str(name) for name in frame.columns])}.",
        )
    rows: list[dict[str, Any]] = [{} for _ in range(len(frame))]
    faults: list[str] = []
    for column in model.inputs:
        if column.name not in frame:
            continue
        for number, text in enumerate(frame[column.name]):
            try:
                rows[number][column.name] = from_text(column, text)
            except BadValueError as fault:
                faults.append(f"Column {column.name}, row {number + 1}: the value {fault}.")
    if faults:
        more = len(faults) - _FAULTS_SHOWN
        end = [f"{more} more values are wrong in the same way."] if more > 0 else []
        raise BadFileError(*faults[:_FAULTS_SHOWN], *end)
    return rows


def ignored_columns(model: Model, frame: pd.DataFrame) -> list[str]:
    """Columns that stay in the file but that the model does not use."""
    used = {column.name for column in model.inputs}
    return [str(name) for name in frame.columns if name not in used]


def predict_all(
    server: ModelServer,
    model: Model,
    frame: pd.DataFrame,
    progress: Callable[[float], None] = lambda _: None,
) -> pd.DataFrame:
    """Adds prediction and model_version; a new version may take over between two requests."""
    rows = to_rows(model, frame)
    predictions: list[Any] = []
    versions: list[str] = []
    for chunk in _chunks(rows, max(1, _CELLS_PER_REQUEST // max(1, len(model.inputs)))):
        answer = server.predict(model.inputs, chunk)
        predictions += answer.values
        versions += [answer.version] * len(chunk)
        progress(len(predictions) / len(rows))
    return frame.assign(prediction=predictions, model_version=versions)


def template(model: Model) -> str:
    """A CSV that can be predicted as it is: the example rows, or only the header without any."""
    names = [column.name for column in model.inputs]
    return pd.DataFrame(list(model.examples), columns=names).to_csv(index=False)


def _chunks(rows: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _listed(word: str, names: list[str]) -> str:
    return f"the {word}{'s' if len(names) > 1 else ''} {', '.join(names)}"
