"""Predicted files, and how many of them fit the memory of the pod.

A result stays in memory until its visitor removes the upload or leaves the page.
"""

import threading
from dataclasses import dataclass
from weakref import WeakSet

import pandas as pd

_MEGABYTE = 2**20
MOST_OF_ONE = 60 * _MEGABYTE
MOST_OF_ALL = 120 * _MEGABYTE


class NoRoomError(Exception):
    """The result does not fit the memory; the message says what to do."""


@dataclass(frozen=True, eq=False)
class Result:
    """The predicted file, ready to be downloaded."""

    content: bytes
    rows: int
    versions: tuple[str, ...]
    """Versions of the model that answered, in the order of the rows."""
    renamed: tuple[tuple[str, str], ...]
    """Columns that are called otherwise because the file has one of that name."""
    preview: pd.DataFrame

    def __post_init__(self) -> None:
        with _lock:
            _results.add(self)

    def to_csv(self, *, index: bool = False) -> str:
        """As of a pandas frame; there is no index to write."""
        return self.content.decode()


_results: WeakSet[Result] = WeakSet()
_lock = threading.Lock()


def room_for(size: int) -> None:
    """NoRoomError if a result of that many bytes is too large, or others fill the memory."""
    if size > MOST_OF_ONE:
        limit = MOST_OF_ONE // _MEGABYTE
        raise NoRoomError(f"The result is larger than {limit} MB; split the file.")
    with _lock:
        others = sum(len(result.content) for result in _results)
    if size + others > MOST_OF_ALL:
        raise NoRoomError(
            "The results of other visitors fill the memory of this page; try again in a few "
            "minutes, or send the rows to the model server over HTTP."
        )
