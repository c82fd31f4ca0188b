"""The range of the numbers in the training data."""

from typing import Any

from prediction_app.model import Model
from prediction_app.values import show


def outside_range(model: Model, row: dict[str, Any]) -> list[str]:
    """One sentence for every number beyond those that the model was trained with."""
    sentences = []
    for name, (low, high) in model.ranges.items():
        value = row.get(name)
        if isinstance(value, int | float) and not low <= value <= high:
            sentences.append(
                f"{name} {show(value)} is outside {show(low)} to {show(high)}, "
                "the range of the training data."
            )
    return sentences
