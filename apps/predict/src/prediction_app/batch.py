"""A CSV in, the same CSV with predictions out, a part at a time."""

import io
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from prediction_app.client import LongAnswerError, ModelServer, Prediction, RefusedError
from prediction_app.columns import BadValueError
from prediction_app.csv_file import BadFileError, Record, Table, misspelled, read_csv
from prediction_app.model import Model
from prediction_app.results import Result, check_room, new_file
from prediction_app.spreadsheet import cell, guarded, write_row
from prediction_app.text import columns
from prediction_app.values import from_text

__all__ = ["BadFileError", "check", "predict_all", "read_csv", "template", "to_rows"]

PREVIEW_ROWS = 100
_PREVIEW_COLUMNS = 30
_PREVIEW_LENGTH = 200
_FAULTS_SHOWN = 5
_EXACT = 2**53
_MOST_CLASSES = 50


@dataclass(frozen=True)
class Checked:
    """What a file that can be predicted holds."""

    rows: int
    ignored: list[str]
    """Columns that stay in the file but that the model does not use."""
    form: str
    """How it is read, in words, where that is not as most files are."""


def check(
    model: Model, table: Table, progress: Callable[[float], object] = lambda _: None
) -> Checked:
    """Goes through the whole file; BadFileError says what is wrong with it, column by column."""
    _check_names(model, table)
    # Before any value is looked at: limits, and rows of another length.
    rows = sum(1 for _ in table.records)
    if rows == 0:
        raise BadFileError("The file has a header line but no rows.")
    done, count = 0, 0
    faults: list[str] = []
    for part in table.parts():
        try:
            to_rows(model, part)
        except BadFileError as problem:
            count += len(problem.faults)
            faults += problem.faults[: _FAULTS_SHOWN - len(faults)]
        done += len(list(part.records))
        progress(done / rows)
    if count > _FAULTS_SHOWN:
        faults.append(f"{count - _FAULTS_SHOWN:,} more values are wrong.")
    if faults:
        raise BadFileError(*faults)
    used = {column.name for column in model.inputs}
    return Checked(rows, [name for name in table.names if name not in used], str(table.form))


def to_rows(model: Model, table: Table) -> list[dict[str, Any]]:
    """The rows as they are sent to the model; BadFileError with every value that is wrong."""
    _check_names(model, table)
    places = {name: place for place, name in enumerate(table.names)}
    used = [(column, places[column.name]) for column in model.inputs if column.name in places]
    rows: list[dict[str, Any]] = []
    faults: list[str] = []
    for record in table.records:
        row = {}
        for column, place in used:
            try:
                row[column.name] = from_text(column, table.form.read(column, record.cells[place]))
            except BadValueError as fault:
                faults.append(f"Column {column.name}, {record.place}: the value {fault}.")
        rows.append(row)
    if faults:
        raise BadFileError(*faults)
    return rows


def predict_all(
    server: ModelServer,
    model: Model,
    table: Table,
    progress: Callable[[int], None] = lambda _: None,
) -> Result:
    """Adds the predictions and model_version; a new version may take over between two requests."""
    _check_names(model, table)
    content = new_file()
    form = table.form
    encoding = "utf-8-sig" if form.marked else "utf-8"
    file = io.TextIOWrapper(content, encoding=encoding, newline="", write_through=True)
    outputs: list[str] | None = None
    new: list[tuple[str, str]] = []
    preview: list[dict[str, object]] = []
    versions: dict[str, None] = {}
    rows = 0
    for records, answer in _answers(server, model, table):
        versions[answer.version] = None
        if not new:
            outputs = _outputs(answer.values)
            new = _new_columns(table.names, outputs)
            write_row(file, [*table.names, *(name for _, name in new)], form.separator)
        for record, value in zip(records, answer.values, strict=True):
            added = [*_split(value, outputs, record), answer.version]
            write_row(file, [*record.cells, *map(form.cell, added)], form.separator)
            if len(preview) < PREVIEW_ROWS:
                preview.append(_previewed(table.names, record, new, added))
        rows += len(records)
        check_room(content)
        progress(rows)
    file.detach()
    renamed = tuple((wanted, name) for wanted, name in new if wanted != name)
    return Result(content, rows, tuple(versions), renamed, preview)


def _new_columns(taken: list[str], outputs: list[str] | None) -> list[tuple[str, str]]:
    """What is added, and the name of its column: a name that the file already has gets a number."""
    used = set(taken)
    names: list[tuple[str, str]] = []
    for wanted in [*(outputs or ["prediction"]), "model_version"]:
        numbered = (f"{wanted}_{number}" for number in itertools.count(2))
        name = next(name for name in itertools.chain([wanted], numbered) if name not in used)
        used.add(name)
        names.append((wanted, name))
    return names


def template(model: Model) -> str:
    """A CSV that can be predicted without changes: the example rows, or else only a header."""
    names = [column.name for column in model.inputs]
    file = io.StringIO()
    write_row(file, names)
    for row in model.examples:
        write_row(file, [cell(row.get(name)) for name in names])
    return file.getvalue()


def _check_names(model: Model, table: Table) -> None:
    needed = [column.name for column in model.inputs if column.required]
    missing = [name for name in needed if name not in set(table.names)]
    if not missing:
        return
    if table.names[0].startswith("#"):
        raise BadFileError("The first line is a comment; remove the lines above the header.")
    hints = [hint for name in missing if (hint := misspelled(name, table.names))]
    raise BadFileError(
        f"The file lacks {columns(missing)}.",
        *(hints or [f"It has {columns(table.names)}."]),
    )


def _answers(
    server: ModelServer, model: Model, table: Table
) -> Iterator[tuple[list[Record], Prediction]]:
    """The rows with their predictions, as many at once as the answers allow."""
    for part in table.parts():
        waiting = list(part.records)
        most = len(waiting)
        while waiting:
            records = waiting[:most]
            rows = to_rows(model, Table(table.names, records, table.form))
            try:
                answer = _predicted(server, model, rows)
            except RefusedError as refusal:
                raise RefusedError(_in_the_file(str(refusal), model, records)) from None
            except LongAnswerError:
                if len(records) == 1:
                    raise
                most = max(1, len(records) // 8)
                continue
            yield records, answer
            waiting = waiting[most:]


def _predicted(server: ModelServer, model: Model, rows: list[dict[str, Any]]) -> Prediction:
    """With the probabilities of few classes, as further outputs."""
    if not 0 < len(model.classes) <= _MOST_CLASSES:
        return server.predict(model.inputs, rows)
    answer = server.predict(model.inputs, rows, probabilities=True)
    values = [
        {"prediction": value, **{f"probability_{name}": share for name, share in shares.items()}}
        for value, shares in zip(answer.values, answer.probabilities or [], strict=True)
    ]
    return Prediction(values, answer.version)


def _in_the_file(refusal: str, model: Model, records: list[Record]) -> str:
    """Renumbers rows in errors: the model server counts those of a request, not of the file."""
    names = "|".join(re.escape(repr(column.name)) for column in model.inputs)
    found = re.match(rf"(Column (?:{names}), )row ([0-9]+)", refusal)
    if found and 1 <= int(found[2]) <= len(records):
        return found[1] + records[int(found[2]) - 1].place + refusal[found.end() :]
    if len(records) == 1:
        return f"{records[0].place.capitalize()}: {refusal}"
    return f"Rows {records[0].number} to {records[-1].number}: {refusal}"


def _outputs(values: list[Any]) -> list[str] | None:
    """Names of the outputs if every prediction is an object of the same ones."""
    if not isinstance(values[0], dict) or not values[0]:
        return None
    names = list(values[0])
    alike = all(isinstance(value, dict) and value.keys() == set(names) for value in values)
    return names if alike else None


def _split(value: object, outputs: list[str] | None, record: Record) -> list[object]:
    if outputs is None:
        return [value]
    if isinstance(value, dict) and value.keys() == set(outputs):
        return [value[name] for name in outputs]
    raise RefusedError(
        f"From {record.place} on, the predictions have other outputs than before, "
        "perhaps because a new version took over; predict the file again."
    )


def _previewed(
    names: list[str], record: Record, new: list[tuple[str, str]], added: list[object]
) -> dict[str, object]:
    """A row as the file has it, the predictions first; a preview can be downloaded, too."""
    outputs = (name for _, name in new[:-1])
    shown = {
        **dict(zip(outputs, map(_short, added[:-1]), strict=True)),
        **dict(zip(names, map(_short, record.cells), strict=True)),
    }
    first = list(shown.items())[:_PREVIEW_COLUMNS]
    return {guarded(name): value for name, value in first}


def _short(value: object) -> object:
    """A browser's numbers are exact up to 2**53; a larger one, a list and the like become text."""
    if isinstance(value, float | None) or (isinstance(value, int) and abs(value) < _EXACT):
        return value
    return guarded(cell(value)[:_PREVIEW_LENGTH])
