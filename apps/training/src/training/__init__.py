"""Logs trained models to MLflow, registers the best and promotes it if it beats the champion.

Used by the scripts in models/, which the training Job runs (`python -m training`), and by the
notebooks.
"""

import atexit
import gc
import os

# skops searches the modules for each name it trusts, in the order in which they were imported
import scipy.special  # noqa: F401
from dask_cluster.client import dask_client

from training.baseline import baseline
from training.boosting import log_boosting
from training.errors import TrainingError
from training.example import input_example
from training.model_folder import ModelFolder, Objective
from training.registry import (
    Promotion,
    log_and_register,
    promote_if_better,
    ranked,
    register_best,
)
from training.runs import LoggedRun, log_run, logged_run, runs_of_group, wait_for_tracking
from training.serving import predict, wait_until_served
from training.settings import Settings, settings_from_env, trial_index
from training.step import parameters, workspace

# The last collection of Python would visit all that MLflow has imported, which takes a second.
atexit.register(gc.freeze)

if os.environ.get("DASK_SCHEDULER_ADDRESS"):
    from dask_cluster.joblib_backend import register

    register()

__all__ = [
    "LoggedRun",
    "ModelFolder",
    "Objective",
    "Promotion",
    "Settings",
    "TrainingError",
    "baseline",
    "dask_client",
    "input_example",
    "log_and_register",
    "log_boosting",
    "log_run",
    "logged_run",
    "parameters",
    "predict",
    "promote_if_better",
    "ranked",
    "register_best",
    "runs_of_group",
    "settings_from_env",
    "trial_index",
    "wait_for_tracking",
    "wait_until_served",
    "workspace",
]
