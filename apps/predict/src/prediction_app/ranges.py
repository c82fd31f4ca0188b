"""The range of the numbers in the example data."""

from typing import Any

from prediction_app.columns import Column
from prediction_app.model import Model
from prediction_app.values import NUMBER, WHOLE, show


def seen_range(model: Model, column: Column) -> tuple[float, float] | None:
    """Smallest and largest value in the example rows, if they differ."""
    values = [row.get(column.name) for row in model.examples]
    numbers = [value for value in values if isinstance(value, int | float)]
    if column.type not in WHOLE + NUMBER or len(set(numbers)) < 2:
        return None
    return min(numbers), max(numbers)


def outside_range(model: Model, row: dict[str, Any]) -> list[str]:
    """One sentence for every number the model has not seen the like of."""
    sentences = []
    for column in model.inputs:
        seen, value = seen_range(model, column), row.get(column.name)
        if seen and isinstance(value, int | float) and not seen[0] <= value <= seen[1]:
            sentences.append(
                f"{column.name} {show(value)} is outside {show(seen[0])} to {show(seen[1])}, "
                "the range of the example data."
            )
    return sentences
