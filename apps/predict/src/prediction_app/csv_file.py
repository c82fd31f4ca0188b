"""A CSV read row by row: whatever the file holds, only a few of its rows are in memory."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from prediction_app.csv_form import Form, NotTextError, recognize
from prediction_app.spreadsheet import unguarded
from prediction_app.text import columns
from prediction_app.values import quoted

MAX_ROWS = 500_000
MAX_COLUMNS = 5_000
_CELLS_PER_PART = 20_000
# Also the most that a part sends, so that it stays below the model server's limit in any alphabet.
_MAX_ROW_LENGTH = 500_000
_SPLIT = "split the file, or send the rows to the model server over HTTP"


class BadFileError(Exception):
    """The file cannot be predicted; every fault is one sentence."""

    def __init__(self, *faults: str) -> None:
        super().__init__(" ".join(faults))
        self.faults = faults


class Record(NamedTuple):
    number: int
    """Counted from 1 below the header, without blank lines."""
    line: int
    """Line of the file on which the row begins."""
    cells: list[str]

    @property
    def place(self) -> str:
        """Where people find the row."""
        return f"row {self.number} (line {self.line})"


@dataclass(frozen=True)
class Table:
    """A header and its rows; each iteration reads them from the start of the file."""

    names: list[str]
    records: Iterable[Record]
    form: Form = field(default_factory=Form)

    def parts(self) -> Iterator["Table"]:
        """The same table in pieces that fit one request."""
        most = max(1, _CELLS_PER_PART // len(self.names))
        part: list[Record] = []
        length = 0
        for record in self.records:
            added = sum(map(len, record.cells))
            if part and (len(part) == most or length + added > _MAX_ROW_LENGTH):
                yield Table(self.names, part, self.form)
                part, length = [], 0
            part.append(record)
            length += added
        if part:
            yield Table(self.names, part, self.form)


def read_csv(content: bytes) -> Table:
    """Reads the header. Every cell stays the text it is: nothing is lost."""
    try:
        content, form = recognize(content)
    except NotTextError as fault:
        raise BadFileError(str(fault)) from None
    header = next(_lines(content, form), None)
    if header is None:
        raise BadFileError("The file is empty; it needs a header line and a row per prediction.")
    names = [unguarded(name) for name in header[1]]
    _check_header(names)
    return Table(names, _Records(content, form, names), form)


@dataclass(frozen=True)
class _Records:
    content: bytes
    form: Form
    names: list[str]

    def __iter__(self) -> Iterator[Record]:
        lines = _lines(self.content, self.form)
        next(lines)
        for number, (line, cells) in enumerate(lines, start=1):
            record = Record(number, line, [unguarded(text) for text in cells])
            _check_record(record, self.names, self.form)
            yield record


def _check_header(names: list[str]) -> None:
    if len(names) > MAX_COLUMNS:
        raise BadFileError(
            f"The header has {len(names):,} columns, more than {MAX_COLUMNS:,}; "
            "keep the columns that the model uses."
        )
    twice = [name for name, times in Counter(names).items() if times > 1]
    if "" in twice:
        raise BadFileError(
            "The header has several columns without a name; name them, or remove the separators "
            "at the end of each line."
        )
    if twice:
        raise BadFileError(
            f"The header has {columns(twice)} more than once; keep one of each name."
        )


def _check_record(record: Record, names: list[str], form: Form) -> None:
    if record.number > MAX_ROWS:
        raise BadFileError(f"The file has more than {MAX_ROWS:,} rows; {_SPLIT}.")
    if len(record.cells) != len(names):
        raise BadFileError(_other_width(record, names, form))
    if record.cells == names and len(names) > 1:
        raise BadFileError(f"{record.place.capitalize()} is the header again; remove that line.")


def _other_width(record: Record, names: list[str], form: Form) -> str:
    found, wanted = len(record.cells), len(names)
    if names[0].startswith("#"):
        return "The first line is a comment; remove the lines above the header."
    values = f"{found:,} value" + ("s" if found > 1 else "")
    columns = f"{wanted:,} column" + ("s" if wanted > 1 else "")
    if found == wanted + 1 and record.cells[-1] == "":
        hint = f"remove the {form.word} at its end"
    elif found > wanted:
        hint = f"put a value that has a {form.word} in quotation marks"
    else:
        hint = f"leave the place of a missing value empty, between two {form.word}s"
    return f"{record.place.capitalize()} has {values} for {columns}; {hint}."


def _lines(content: bytes, form: Form) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, each with the line on which it begins."""
    source = _Source(content, form.encoding)
    reader = csv.reader(source, delimiter=form.separator, strict=True)
    while True:
        line = source.begin()
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise BadFileError(f"Line {line}: {_in_words(error)}.") from None
        if cells is None:
            return
        if cells and not (len(cells) == 1 and cells[0].isspace()):
            yield line, cells


def _in_words(error: csv.Error) -> str:
    if "field larger" in str(error):
        limit = f"{csv.field_size_limit():,}"
        return f"a cell is longer than {limit} characters, or a quotation mark is never closed"
    if "unexpected end" in str(error):
        return "a quotation mark is never closed"
    return "a quotation mark inside a quoted value must be written twice"


class _Source:
    """The lines of the file, with a limit on the length of a row before it is parsed."""

    def __init__(self, content: bytes, encoding: str) -> None:
        # Line ends stay as they are, so that those inside quotation marks do, too.
        self._text = io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline="")
        self._line = 0
        self._length = 0

    def begin(self) -> int:
        """Begins a row; returns its line."""
        self._length = 0
        return self._line + 1

    def __iter__(self) -> "_Source":
        return self

    def __next__(self) -> str:
        text = self._text.readline(_MAX_ROW_LENGTH + 1)
        if not text:
            raise StopIteration
        self._line += 1
        self._length += len(text)
        if self._length > _MAX_ROW_LENGTH:
            raise BadFileError(
                f"The row that ends on line {self._line} is longer than {_MAX_ROW_LENGTH:,} "
                "characters; remove columns that the model does not use, or close the quotation "
                "mark that is open."
            )
        if "\0" in text:
            raise BadFileError(f"Line {self._line} is not text; save the file as CSV in UTF-8.")
        return text


def misspelled(name: str, names: list[str]) -> str | None:
    """The column that was probably meant."""
    wanted = name.strip().casefold()
    found = next((other for other in names if other.strip().casefold() == wanted), None)
    return found and f"It has {quoted(found)} where the model needs {quoted(name)}."
