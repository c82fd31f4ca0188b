"""Names and values of a request in error texts, whatever their size."""

from __future__ import annotations

import json

_SHOWN = 40
_SHOWN_NAME = 60


def quoted(name: str) -> str:
    """A name as Python writes it, cut short."""
    return repr(name if len(name) <= _SHOWN_NAME else f"{name[: _SHOWN_NAME - 1]}…")


def shown(value: object) -> str:
    """A value as the sender wrote it, cut short."""
    if isinstance(value, str):
        value = value[: _SHOWN + 1]
    text = ""
    try:
        for part in json.JSONEncoder(default=str).iterencode(value):
            text += part[: _SHOWN + 1]
            if len(text) > _SHOWN:
                break
    except RecursionError:
        text += " " * _SHOWN
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1].rstrip()}…"
