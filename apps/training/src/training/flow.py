"""The whole training, top to bottom."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from training.candidates import Candidate, candidates, train_candidate, trial
from training.data import Data, load_data
from training.settings import Settings
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

Say = Callable[[str], None]


@dataclass(frozen=True)
class TrainingResult:
    runs: list[LoggedRun]
    """Every run that took part, the best first."""
    version: str | None
    """Version made of the best run; None in a trial that leaves that to the last one."""
    promotion: Promotion | None


def train_and_promote(settings: Settings, say: Say = print) -> TrainingResult:
    """Trains, logs, registers the best and moves the alias if it is better than the champion."""
    wait_for_tracking(settings.tracking_uri, settings.start_timeout)
    experiment_id = use_experiment(settings.experiment_name)
    group = settings.group or uuid.uuid4().hex
    data = load_data()
    if settings.trials is None:
        runs = [_train(candidate, data, group, None, say) for candidate in candidates()]
    else:
        own = _train(trial(settings.index), data, group, settings.index, say)
        if settings.index != settings.trials - 1:
            say(f"trial {settings.index} is done; trial {settings.trials - 1} chooses the best")
            return TrainingResult([own], None, None)
        # The last trial chooses. An Indexed Job starts its pods in order, so with any parallelism
        # the others are finished or running by now, and exactly one pod writes to the registry.
        runs = _wait_for_trials(settings, experiment_id, group, say)
    version = register_best(runs, settings.model_name)
    promotion = promote_if_better(settings.model_name, settings.model_alias, version)
    return TrainingResult(ranked(runs), str(version.version), promotion)


def _train(candidate: Candidate, data: Data, group: str, index: int | None, say: Say) -> LoggedRun:
    trained = train_candidate(candidate, data)
    run = log_run(trained, data, group=group, trial=index)
    say(f"{candidate.name} is trained and logged as run {run.run_id}")
    return run


def _wait_for_trials(
    settings: Settings, experiment_id: str, group: str, say: Say
) -> list[LoggedRun]:
    deadline = time.monotonic() + settings.trials_timeout
    while True:
        runs = runs_of_group(experiment_id, group)
        if len(runs) >= (settings.trials or 1):
            return runs
        if time.monotonic() >= deadline:
            break
        time.sleep(1)
    say(f"only {len(runs)} of {settings.trials} trials finished in time; choosing among those")
    return runs
