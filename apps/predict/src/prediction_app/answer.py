"""One prediction, drawn by its kind: a number, a text, classes with probabilities, a table."""

from typing import Any

import streamlit as st

from prediction_app.client import Prediction
from prediction_app.model import Model
from prediction_app.tables import draw_table
from prediction_app.text import plain, words
from prediction_app.values import show

_METRIC_LENGTH = 40
_MOST_BARS = 10
_MOST_LINES = 50


def draw(model: Model, answer: Prediction) -> None:
    """Draws the prediction, or all of them where a tensor held several rows."""
    if len(answer.values) != 1:
        rows = enumerate(map(_unwrapped, answer.values), start=1)
        _table({f"row {place}": value for place, value in rows})
        return
    outputs = _outputs(model, answer.values[0])
    classes: dict[str, dict[str, float]] = {}
    if answer.probabilities:
        classes = {"": _named(model, answer.probabilities[0])}
    elif _are_probabilities(outputs):
        classes, outputs = {"": _named(model, outputs)}, {}
    else:
        classes = {
            name: _named(model, value)
            for name, value in outputs.items()
            if _are_probabilities(value)
        }
    rest = {name: value for name, value in outputs.items() if name not in classes}
    if len(rest) > 1:
        _table(rest)
    for name, value in rest.items() if len(rest) == 1 else ():
        _one(name, value)
    for name, probabilities in classes.items():
        if name:
            st.caption(words(name))
        _bars(probabilities)


def _outputs(model: Model, prediction: object) -> dict[str, Any]:
    """What is predicted, by name."""
    value = _unwrapped(prediction)
    if isinstance(value, dict) and value:
        return {name: _unwrapped(item) for name, item in value.items()}
    if isinstance(value, list) and value:
        known = len(model.outputs) == len(value)
        names = model.outputs if known else [f"output {n}" for n in range(1, len(value) + 1)]
        return dict(zip(names, value, strict=True))
    return {model.output: value}


def _unwrapped(value: Any) -> Any:  # noqa: ANN401
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value


def _are_probabilities(value: object) -> bool:
    """Whether these are numbers that add up to one."""
    if not isinstance(value, dict) or len(value) < 2:
        return False
    numbers = list(value.values())
    shares = all(isinstance(number, float) and 0 <= number <= 1 for number in numbers)
    return shares and abs(sum(numbers) - 1) < 1e-4


def _named(model: Model, probabilities: dict[str, float]) -> dict[str, float]:
    """Replaces numbers by meaningful names: a library that knows no class names counts them."""
    names = list(probabilities)
    if names == [str(place) for place in range(len(names))]:
        for declared in (model.outputs, model.classes):
            if len(declared) == len(names) and not any(name.isdecimal() for name in declared):
                return dict(zip(declared, probabilities.values(), strict=True))
    kind = "class" if _are_probabilities(probabilities) else "label"
    return {
        f"{kind} {name}" if name.isdecimal() else name: share
        for name, share in probabilities.items()
    }


def _one(name: str, value: object) -> None:
    if isinstance(value, dict | list):
        st.json(value)
    elif isinstance(value, str) and (len(value) > _METRIC_LENGTH or "\n" in value):
        st.caption(words(name))
        st.text(value)
    else:
        # The box is headed "Prediction" already.
        label = "collapsed" if name == "prediction" else "visible"
        st.metric(words(name), _shown(value), label_visibility=label)


def _table(values: dict[str, Any]) -> None:
    if len(values) > _MOST_LINES or any(isinstance(item, dict | list) for item in values.values()):
        st.json(values)
        return
    lines = [{"output": plain(name), "value": plain(_shown(values[name]))} for name in values]
    draw_table(lines)


def _bars(probabilities: dict[str, float]) -> None:
    ranked = sorted(probabilities.items(), key=lambda one: -one[1])
    for name, share in ranked[:_MOST_BARS]:
        st.progress(min(max(share, 0.0), 1.0), text=f"{plain(name)}: **{share:.1%}**")
    if len(ranked) > _MOST_BARS:
        st.caption(f"The {_MOST_BARS} most probable of {len(ranked):,} classes.")


def _shown(value: object) -> str:
    return "none" if value is None else show(value)
