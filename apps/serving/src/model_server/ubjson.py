"""Reads UBJSON, as XGBoost writes it. Nothing but numbers, texts, lists and objects comes out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

_NUMBERS = {
    "i": np.dtype(">i1"),
    "U": np.dtype(">u1"),
    "I": np.dtype(">i2"),
    "l": np.dtype(">i4"),
    "L": np.dtype(">i8"),
    "d": np.dtype(">f4"),
    "D": np.dtype(">f8"),
}
_CONSTANTS = {"Z": None, "T": True, "F": False}


def loads(data: bytes) -> Any:  # noqa: ANN401
    """The one value that the bytes hold; a list of numbers of one type is an array."""
    reader = _Reader(data)
    value = reader.value(reader.mark())
    if reader.place != len(data):
        raise ValueError("there is data after its end")
    return value


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self.place = 0

    def _take(self, size: int) -> memoryview:
        end = self.place + size
        if size < 0 or end > len(self._data):
            raise ValueError("it ends too early")
        taken, self.place = self._data[self.place : end], end
        return taken

    def mark(self) -> str:
        return chr(self._take(1)[0])

    def value(self, kind: str) -> Any:  # noqa: ANN401
        if kind in _NUMBERS:
            return self._numbers(kind, 1)[0].item()
        if kind in _CONSTANTS:
            return _CONSTANTS[kind]
        if kind == "S":
            return self._text()
        if kind == "{":
            return self._object()
        if kind == "[":
            return self._list()
        raise ValueError(f"{kind!r} does not begin a value")

    def _numbers(self, kind: str, count: int) -> np.ndarray:
        return np.frombuffer(self._take(count * _NUMBERS[kind].itemsize), _NUMBERS[kind])

    def _size(self) -> int:
        size = self.value(self.mark())
        if type(size) is not int or size < 0:
            raise ValueError("a size is not a whole number")
        return size

    def _text(self) -> str:
        return bytes(self._take(self._size())).decode()

    def _object(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self._next() != "}":
            name = self._text()
            if name in found:
                raise ValueError(f"{name!r} appears twice")
            found[name] = self.value(self.mark())
        self.mark()
        return found

    def _list(self) -> list[Any] | np.ndarray:
        kind = None
        if self._next() == "$":
            self.mark()
            kind = self.mark()
        if self._next() != "#":
            if kind is not None:
                raise ValueError("a list has a type and no size")
            return list(self._items())
        self.mark()
        size = self._size()
        if kind in _NUMBERS:
            return self._numbers(kind, size)
        if size > len(self._data):  # every item takes a byte, unless its type says it all
            raise ValueError("it ends too early")
        return [self.value(kind or self.mark()) for _ in range(size)]

    def _items(self) -> Iterator[Any]:
        while self._next() != "]":
            yield self.value(self.mark())
        self.mark()

    def _next(self) -> str:
        if self.place >= len(self._data):
            raise ValueError("it ends too early")
        return chr(self._data[self.place])
