"""A model is a folder: train.py or steps, and model.yaml that says how versions are compared."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from training.errors import TrainingError

DIRECTIONS = ("minimize", "maximize")


@dataclass(frozen=True)
class Objective:
    """The metric that decides which version is better, and its direction."""

    metric: str
    direction: str


@dataclass(frozen=True)
class ModelFolder:
    path: Path
    objective: Objective

    @property
    def name(self) -> str:
        """Name of the registered model."""
        return self.path.name


def read_model_folder(path: Path) -> ModelFolder:
    """Reads what training needs from model.yaml; models/model.schema.json describes all of it."""
    file = path / "model.yaml"
    try:
        content = yaml.safe_load(file.read_text())
    except OSError:
        raise TrainingError(
            f"{file} is missing: name the folder of a model, such as one made by "
            "`npm run new:model NAME`"
        ) from None
    except yaml.YAMLError as error:
        raise TrainingError(f"{file} is not YAML: {' '.join(str(error).split())}") from None
    declared: dict[str, Any] = content if isinstance(content, dict) else {}
    metric, direction = declared.get("metric"), declared.get("direction")
    if not isinstance(metric, str) or not metric:
        raise TrainingError(
            f"{file}: metric must be the name of a metric that train.py logs, such as accuracy"
        )
    return ModelFolder(path, checked_objective(metric, direction, f"{file}: direction"))


def checked_objective(metric: str, direction: object, argument: str) -> Objective:
    if direction not in DIRECTIONS:
        raise TrainingError(f"{argument} must be minimize or maximize, not {direction!r}")
    return Objective(metric, str(direction))
