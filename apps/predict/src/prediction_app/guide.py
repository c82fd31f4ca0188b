"""For models that no form can be made for: the reason, and how to call them over HTTP."""

import json
import shlex
from collections import Counter

import streamlit as st

from prediction_app.columns import Column
from prediction_app.model import Model
from prediction_app.nested import sample, size_of
from prediction_app.tables import draw_table
from prediction_app.text import columns, plain

_MOST_VALUES = 5_000


def why_no_form(model: Model) -> str | None:
    """The reason, as a sentence; None where there is a form."""
    names = [column.name for column in model.inputs]
    if not model.inputs:
        return (
            "This model has no signature that lists its columns, so there is no form for it; "
            "log it with an input_example or a signature."
        )
    if sum(map(size_of, model.inputs)) > _MOST_VALUES:
        return "The tensors of this model have too many values for a form."
    if len(names) > 1 and not all(column.named for column in model.inputs):
        return "The columns of this model have no names, so there is no form for it."
    if twice := [name for name, times in Counter(names).items() if times > 1]:
        return f"This model has {columns(twice)} more than once, so there is no form for it."
    return None


def guide(model: Model, reason: str) -> None:
    """Explains why there is no form and shows a request that works."""
    st.info(plain(reason), icon=":material/code:")
    if not model.inputs:
        return
    st.markdown("**Call it over HTTP**")
    draw_table(
        [
            {
                "column": plain(column.name) or "(no name)",
                "type": plain(column.type),
                "shape": _shape(column),
                "needed": "yes" if column.required else "optional",
            }
            for column in model.inputs
        ]
    )
    st.code(_request(model), language="bash", wrap_lines=True)
    st.caption(
        "Put your own values in. MODEL_SERVING_URL is the address of the model server; "
        "`npm run connect` writes it to `.env`."
    )


def _request(model: Model) -> str:
    send = "curl \"$MODEL_SERVING_URL/invocations\" -H 'Content-Type: application/json' -d "
    if not _is_tensor(model):
        return send + shlex.quote(json.dumps(_body(model), ensure_ascii=False))
    tensors = [
        f"{column.name!r}: {_zeros(column)}" if column.named else _zeros(column)
        for column in model.inputs
    ]
    inputs = f"{{{', '.join(tensors)}}}" if model.inputs[0].named else tensors[0]
    program = f'import json, numpy\nprint(json.dumps({{"inputs": {inputs}}}))'
    return f"python3 -c {shlex.quote(program)} > request.json\n{send}@request.json"


def _body(model: Model) -> dict[str, object]:
    named = all(column.named for column in model.inputs)
    row = {column.name: _sample(model, column) for column in model.inputs}
    if named and len(row) == len(model.inputs):
        return {"dataframe_records": [row]}
    values = [_sample(model, column) for column in model.inputs]
    header = {"columns": [column.name for column in model.inputs]} if named else {}
    return {"dataframe_split": {**header, "data": [values]}}


def _sample(model: Model, column: Column) -> object:
    example = model.examples[0].get(column.name) if model.examples and column.named else None
    return sample(column) if example is None else example


def _is_tensor(model: Model) -> bool:
    return any(column.shape is not None for column in model.inputs)


def _shape(column: Column) -> str:
    return " x ".join(f"{size}" if size >= 0 else "any" for size in column.shape or ()) or "-"


def _zeros(column: Column) -> str:
    shape = tuple(abs(size) for size in column.shape or ())
    kind = column.type.removeprefix("tensor(").removesuffix(")")
    return f'numpy.zeros({shape}, "{kind}").tolist()'
