"""The models that compete, and how one is trained and measured. Nothing here knows MLflow."""

import random
from dataclasses import dataclass
from typing import Any

import numpy as np
from data import SEED, Data
from sklearn.base import RegressorMixin, clone
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from sklearn.model_selection import KFold, ParameterGrid, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR


@dataclass(frozen=True)
class Candidate:
    name: str
    params: dict[str, Any]

    def build(self) -> RegressorMixin:
        return _FAMILIES[self.name].build(**self.params)


@dataclass(frozen=True)
class Trained:
    candidate: Candidate
    model: RegressorMixin
    metrics: dict[str, float]


def candidates() -> list[Candidate]:
    """One model of each family with parameters that do well on data of this size."""
    return [Candidate(name, dict(family.defaults)) for name, family in _FAMILIES.items()]


def trial(index: int) -> Candidate:
    """The candidate of the index-th trial: the families in turn, other parameters in every round.

    The same index always gives the same candidate, so a restarted pod repeats its own trial.
    """
    name = list(_FAMILIES)[index % len(_FAMILIES)]
    family, turn = _FAMILIES[name], index // len(_FAMILIES)
    if turn == 0:
        return Candidate(name, dict(family.defaults))
    grid = ParameterGrid(family.choices)
    order = random.Random(SEED).sample(range(len(grid)), len(grid))
    return Candidate(name, grid[order[(turn - 1) % len(grid)]])


def train_candidate(candidate: Candidate, data: Data) -> Trained:
    """Cross-validates on the training rows, fits on them all, measures on the rows kept aside."""
    model = candidate.build()
    scores = cross_validate(
        clone(model),
        data.x_train,
        data.y_train,
        cv=KFold(5, shuffle=True, random_state=SEED),
        scoring={
            "rmse": "neg_root_mean_squared_error",
            "mae": "neg_mean_absolute_error",
            "r2": "r2",
        },
    )
    model.fit(data.x_train, data.y_train)
    predicted = model.predict(data.x_test)
    metrics = {
        "cv_rmse": -scores["test_rmse"].mean(),
        "cv_rmse_std": scores["test_rmse"].std(),
        "cv_mae": -scores["test_mae"].mean(),
        "cv_r2": scores["test_r2"].mean(),
        "holdout_rmse": root_mean_squared_error(data.y_test, predicted),
        "holdout_mae": mean_absolute_error(data.y_test, predicted),
        "holdout_r2": r2_score(data.y_test, predicted),
    }
    return Trained(candidate, model, {name: float(value) for name, value in metrics.items()})


@dataclass(frozen=True)
class _Family:
    build: Any
    defaults: dict[str, Any]
    choices: dict[str, list[Any]]


def _steps(numbers: np.ndarray, digits: int = 4) -> list[float]:
    return [float(f"{number:.{digits}g}") for number in numbers]


_FAMILIES = {
    "ridge": _Family(
        lambda alpha: make_pipeline(StandardScaler(), Ridge(alpha=alpha)),
        {"alpha": 10.0},
        {"alpha": _steps(np.geomspace(0.01, 300, 60))},
    ),
    "random-forest": _Family(
        lambda **params: RandomForestRegressor(random_state=SEED, **params),
        {"n_estimators": 100, "max_depth": 8, "min_samples_leaf": 3},
        {
            "n_estimators": [60, 100, 200],
            "max_depth": [4, 5, 6, 8, 10, 12],
            "min_samples_leaf": [1, 2, 3, 5, 8],
        },
    ),
    "gradient-boosting": _Family(
        lambda **params: GradientBoostingRegressor(random_state=SEED, **params),
        {"n_estimators": 150, "learning_rate": 0.04, "max_depth": 2, "subsample": 0.8},
        {
            "n_estimators": [80, 120, 150, 200, 300],
            "learning_rate": _steps(np.geomspace(0.01, 0.2, 12)),
            "max_depth": [1, 2, 3, 4],
            "subsample": [0.6, 0.7, 0.8, 0.9, 1.0],
        },
    ),
    "support-vector": _Family(
        lambda **params: make_pipeline(StandardScaler(), SVR(**params)),
        {"C": 30.0, "epsilon": 5.0, "gamma": 0.02},
        {
            "C": _steps(np.geomspace(1, 300, 20)),
            "epsilon": [0.1, 1.0, 5.0, 10.0, 20.0],
            "gamma": _steps(np.geomspace(0.001, 0.2, 15)),
        },
    ),
}
