"""Large bodies decode to what small ones decode to."""

from __future__ import annotations

import json

import pytest
from model_server.json_steps import loads

LARGE = 100_000


@pytest.mark.parametrize(
    "text",
    [
        '{"dataframe_split": {"columns": ["é", "b"], "data": [[1, 2.5], ["x", null], []]}}',
        '{"inputs": {"a": [1, -2e3, true], "b": [{"c": [[[]]]}, {}, "\\ud83d\\ude00"]}}',
        '{"instances": [NaN, Infinity, 12345678901234567890]}',
        "[]",
        '"text"',
        '{"a": 1, "a": 2}',
    ],
)
def test_values_are_those_of_json_loads(text: str) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        body = (text + " " * LARGE).encode(encoding)
        assert repr(loads(body)) == repr(json.loads(body))


@pytest.mark.parametrize(
    "text",
    ["", "{", '{"a": [1,]}', '{"a" 1}', '{"a": 1} x', '{"a": [1, tru]}', "[1 2]", '{"a": "\x00"}'],
)
def test_errors_are_those_of_json_loads(text: str) -> None:
    body = (" " * LARGE + text).encode()
    with pytest.raises(json.JSONDecodeError) as expected:
        json.loads(body)
    with pytest.raises(json.JSONDecodeError) as raised:
        loads(body)
    assert str(raised.value) == str(expected.value)


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_nesting_without_end_is_an_error(opening: str) -> None:
    with pytest.raises(RecursionError):
        loads((opening * LARGE).encode())


def test_options_reach_every_object() -> None:
    body = ('{"a": [{"b": 1}], "c": {"d": 2}}' + " " * LARGE).encode()
    assert loads(body, object_pairs_hook=tuple) == (
        ("a", [(("b", 1),)]),
        ("c", (("d", 2),)),
    )
