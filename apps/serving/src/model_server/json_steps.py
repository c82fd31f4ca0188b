"""JSON that lets other threads run while a large body is decoded.

`json.loads` lets none run until it is done, which takes half a second for 10 MiB.
"""

from __future__ import annotations

import json
from json.decoder import JSONArray
from json.scanner import py_make_scanner
from typing import Any

_SMALL_BYTES = 64 * 1024


class _Steps(json.JSONDecoder):
    """Python walks through the outer objects and the first list in them; the items of that list
    are decoded by C one at a time. So a step is no longer than a row."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401
        super().__init__(**options)
        item = self.scan_once
        self.parse_array = lambda start, _: JSONArray(start, item)
        self.scan_once = py_make_scanner(self)


def loads(body: bytes, **options: Any) -> Any:  # noqa: ANN401
    """The same as `json.loads`, errors and options included."""
    if len(body) <= _SMALL_BYTES:
        return json.loads(body, **options)
    text = body.decode(json.detect_encoding(body), "surrogatepass")
    return _Steps(**options).decode(text)
