"""One column of a signature."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    """MLflow's word: double, float, long, integer, boolean, string, datetime or binary; another
    one for tensors and nested types."""
    required: bool = True
    shape: tuple[int, ...] | None = None
    """Of a tensor; -1 stands for any size."""
    named: bool = True
