"""Trains one model of each family, or one trial of an Indexed Job, and promotes the best."""

from candidates import candidates, train_candidate, trial
from data import load_data
from training import log_run, promote_if_better, register_best, trial_index

data = load_data()
index = trial_index()

runs = []
for candidate in candidates() if index is None else [trial(index)]:
    trained = train_candidate(candidate, data)
    runs.append(
        log_run(
            trained.model,
            data.x_train,
            data.y_train,
            name=candidate.name,
            metrics=trained.metrics,
            params=candidate.params,
            dataset="diabetes",
        )
    )

version = register_best(runs)
promote_if_better(version)
