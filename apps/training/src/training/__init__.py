"""Trains candidate models, logs each as an MLflow run, registers and promotes the best.

Used by the training Job (`python -m training`) and by the notebook, which takes the same steps
by hand.
"""

from training.baseline import baseline
from training.candidates import METRIC, Candidate, Trained, candidates, train_candidate, trial
from training.data import TARGET, Data, input_example, load_data
from training.errors import TrainingError
from training.flow import TrainingResult, train_and_promote
from training.serving import predict, wait_until_served
from training.settings import Settings, settings_from_env
from training.tracking import (
    LoggedRun,
    Promotion,
    log_run,
    promote_if_better,
    ranked,
    register_best,
    runs_of_group,
    use_experiment,
    wait_for_tracking,
)

__all__ = [
    "METRIC",
    "TARGET",
    "Candidate",
    "Data",
    "LoggedRun",
    "Promotion",
    "Settings",
    "Trained",
    "TrainingError",
    "TrainingResult",
    "baseline",
    "candidates",
    "input_example",
    "load_data",
    "log_run",
    "predict",
    "promote_if_better",
    "ranked",
    "register_best",
    "runs_of_group",
    "settings_from_env",
    "train_and_promote",
    "train_candidate",
    "trial",
    "use_experiment",
    "wait_for_tracking",
    "wait_until_served",
]
