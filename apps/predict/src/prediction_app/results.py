"""Predicted files, and how many of them fit the memory of the pod.

A result stays in memory until its visitor removes the upload or leaves the page.
"""

import io
import threading
from dataclasses import dataclass
from weakref import WeakSet

_MEGABYTE = 2**20
MOST_OF_ONE = 60 * _MEGABYTE
MOST_OF_ALL = 80 * _MEGABYTE

_files: WeakSet[io.BytesIO] = WeakSet()
_lock = threading.Lock()


class NoRoomError(Exception):
    """The result does not fit the memory; the message says what to do."""


@dataclass(frozen=True)
class Result:
    """The predicted file, ready to be downloaded."""

    file: io.BytesIO
    rows: int
    versions: tuple[str, ...]
    """Versions of the model that answered, in the order of the rows."""
    renamed: tuple[tuple[str, str], ...]
    """Columns that are called otherwise because the file has one of that name."""
    preview: list[dict[str, object]]

    @property
    def content(self) -> bytes:
        """The same bytes each time, not a copy."""
        return self.file.getvalue()

    def to_csv(self, *, index: bool = False) -> str:
        """As of a pandas frame; there is no index to write."""
        return self.content.decode()


def new_file() -> io.BytesIO:
    """A file that counts for as long as it is there, while it is written and afterwards."""
    file = io.BytesIO()
    with _lock:
        _files.add(file)
    return file


def check_room(file: io.BytesIO) -> None:
    """NoRoomError if the file has become too large, or all of them together."""
    if file.tell() > MOST_OF_ONE:
        limit = MOST_OF_ONE // _MEGABYTE
        raise NoRoomError(f"The result is larger than {limit} MB; split the file.")
    with _lock:
        total = sum(other.tell() for other in _files)
    if total > MOST_OF_ALL:
        raise NoRoomError(
            "The results of other visitors fill the memory of this page; try again in a few "
            "minutes, or send the rows to the model server over HTTP."
        )
