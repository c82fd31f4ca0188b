"""How a CSV is written: its encoding, its separator and its decimal mark."""

import codecs
import csv
import re
from dataclasses import dataclass

from prediction_app.columns import NUMBER, Column
from prediction_app.spreadsheet import cell

_WORDS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_SAMPLE = 2**16
# The decimal mark of a number that fills a cell, in a file without commas between cells.
_MARK = re.compile(rb'(?:^|[;\t|\r\n"])[+-]?[0-9]+([.,])[0-9]+(?=[;\t|\r\n"])')


class NotTextError(Exception):
    """The message says what to do."""


@dataclass(frozen=True)
class Form:
    encoding: str = "utf-8"
    separator: str = ","
    decimal: str = "."
    marked: bool = False
    """Whether the result begins with a byte order mark, without which Excel garbles its letters."""

    @property
    def word(self) -> str:
        """The separator in words."""
        return _WORDS[self.separator]

    def read(self, column: Column, text: str) -> str:
        """A cell of this file as it is written in other files."""
        if self.decimal == "," and column.type in NUMBER and "." not in text:
            return text.replace(",", ".")
        return text

    def cell(self, value: object) -> str:
        """A value as a cell of this file."""
        text = cell(value)
        return text.replace(".", self.decimal) if isinstance(value, float) else text

    def __str__(self) -> str:
        """What is unusual about the file, as a sentence; empty where nothing is."""
        traits = ["in Windows-1252"] if self.encoding == "cp1252" else []
        traits += [f"separated by {self.word}s"] if self.separator != "," else []
        traits += ["with decimal commas"] if self.decimal == "," else []
        return f"The file is read as text {', '.join(traits)}." if traits else ""


def recognize(content: bytes) -> tuple[bytes, Form]:
    """The rows of a file without the empty ones at its end, and how they are written."""
    marked = True
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        content = _utf_8(content)
    elif content.startswith(codecs.BOM_UTF8):
        content = content.removeprefix(codecs.BOM_UTF8)
    else:
        marked = False
    encoding = "utf-8" if _is(content, "utf-8") else "cp1252"
    if (marked and encoding != "utf-8") or not _is(content, encoding):
        raise NotTextError("The file is not text; save it as CSV in UTF-8.")
    separator = _separator(content, encoding)
    form = Form(encoding, separator, _decimal(content, separator), marked or encoding == "cp1252")
    return _without_empty_end(content, separator), form


def _utf_8(content: bytes) -> bytes:
    try:
        return content.decode("utf-16").encode()
    except UnicodeError:
        raise NotTextError("The file is not text; save it as CSV in UTF-8.") from None


def _is(content: bytes, encoding: str) -> bool:
    """A part at a time, for the whole text takes several times the memory."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for start in range(0, len(content), _SAMPLE):
            decoder.decode(content[start : start + _SAMPLE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _separator(content: bytes, encoding: str) -> str:
    """The one that divides the header into most columns."""
    start = content.lstrip(b"\r\n")[:_SAMPLE]
    line = start.splitlines()[0].decode(encoding, "ignore") if start else ""

    def columns(separator: str) -> int:
        return len(next(csv.reader([line], delimiter=separator), []))

    return max(_WORDS, key=columns)


def _decimal(content: bytes, separator: str) -> str:
    """A semicolon is what Excel separates cells by where numbers have decimal commas."""
    marks = set(_MARK.findall(content[:_SAMPLE]))
    has_commas = separator != "," and b"." not in marks and (b"," in marks or separator == ";")
    return "," if has_commas else "."


def _without_empty_end(content: bytes, separator: str) -> bytes:
    """Excel writes empty rows below the last one as lines of separators."""
    last = len(content.rstrip(b" \r\n" + separator.encode()))
    ends = [end for mark in (b"\r", b"\n") if (end := content.find(mark, last)) >= 0]
    return content[: min(ends) + 1] if ends else content
