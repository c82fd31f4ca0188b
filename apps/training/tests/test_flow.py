from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from training import (
    METRIC,
    Candidate,
    Settings,
    Trained,
    baseline,
    input_example,
    load_data,
    log_run,
    promote_if_better,
    register_best,
    train_and_promote,
    train_candidate,
    use_experiment,
)


def test_every_candidate_becomes_a_run_and_the_best_becomes_champion(settings: Settings) -> None:
    said: list[str] = []
    result = train_and_promote(settings, say=said.append)

    runs = mlflow.search_runs(experiment_names=[settings.experiment_name], output_format="list")
    assert {run.data.params["model"] for run in runs} == {
        "ridge",
        "random-forest",
        "gradient-boosting",
        "support-vector",
    }
    assert all(run.info.status == "FINISHED" for run in runs)
    assert all(
        {METRIC, "holdout_rmse", "holdout_mae", "holdout_r2"} <= set(run.data.metrics)
        for run in runs
    )
    assert {run.inputs.dataset_inputs[0].dataset.digest for run in runs} == {
        runs[0].data.tags["dataset.digest"]
    }
    assert len({run.data.tags["training.group"] for run in runs}) == 1

    lowest = min(runs, key=lambda run: run.data.metrics[METRIC])
    champion = MlflowClient().get_model_version_by_alias(settings.model_name, "champion")
    assert champion.run_id == lowest.info.run_id == result.runs[0].run_id
    assert lowest.data.params["model"] in champion.description
    assert champion.tags[METRIC] == f"{lowest.data.metrics[METRIC]:.4f}"
    assert result.promotion is not None
    assert result.promotion.promoted


@pytest.mark.parametrize("name", ["ridge", "random-forest", "gradient-boosting", "support-vector"])
def test_a_logged_model_loads_without_pickle_and_predicts_as_the_one_in_memory(
    name: str, settings: Settings
) -> None:
    data = load_data()
    use_experiment(settings.experiment_name)
    candidate = next(one for one in _small_candidates() if one.name == name)
    trained = train_candidate(candidate, data)
    run = log_run(trained, data)

    folder = mlflow.artifacts.download_artifacts(f"runs:/{run.run_id}/model")
    files = {path.name for path in Path(folder).iterdir()}
    assert "model.skops" in files
    assert not {name for name in files if name.endswith(".pkl")}

    loaded = mlflow.pyfunc.load_model(folder)
    assert loaded.predict(data.x_test) == pytest.approx(trained.model.predict(data.x_test))
    types = {column.name: column.type.name for column in loaded.metadata.get_input_schema()}
    assert (types["age"], types["sex"], types["bmi"]) == ("long", "long", "double")
    assert all(column.required for column in loaded.metadata.get_input_schema())
    assert loaded.input_example.equals(input_example(data.x_train))
    known = baseline(data.x_train, trained.model.predict(data.x_train))
    assert loaded.metadata.metadata == known


def test_a_worse_model_does_not_take_the_alias(settings: Settings) -> None:
    use_experiment(settings.experiment_name)
    good = _logged(settings, Candidate("ridge", {"alpha": 10.0}))
    assert promote_if_better(settings.model_name, "champion", good).promoted

    worse = _logged(settings, Candidate("ridge", {"alpha": 1e6}))
    outcome = promote_if_better(settings.model_name, "champion", worse)

    assert not outcome.promoted
    assert outcome.champion == str(good.version)
    assert f"version {good.version} keeps champion" in outcome.reason
    holder = MlflowClient().get_model_version_by_alias(settings.model_name, "champion")
    assert holder.version == good.version


def test_a_better_model_takes_the_alias_and_an_equal_one_does_not(settings: Settings) -> None:
    use_experiment(settings.experiment_name)
    promote_if_better(
        settings.model_name, "champion", _logged(settings, Candidate("ridge", {"alpha": 1e6}))
    )
    better = _logged(settings, Candidate("ridge", {"alpha": 10.0}))
    assert promote_if_better(settings.model_name, "champion", better).promoted

    equal = _logged(settings, Candidate("ridge", {"alpha": 10.0}))
    assert not promote_if_better(settings.model_name, "champion", equal).promoted
    assert promote_if_better(settings.model_name, "champion", better).promoted


def test_a_champion_that_cannot_be_compared_stays(settings: Settings) -> None:
    use_experiment(settings.experiment_name)
    data = load_data()
    by_hand = train_candidate(Candidate("ridge", {"alpha": 10.0}), data)
    run = log_run(Trained(by_hand.candidate, by_hand.model, {"mse": 1.0}), data)
    version = mlflow.register_model(f"runs:/{run.run_id}/model", settings.model_name)
    MlflowClient().set_registered_model_alias(settings.model_name, "champion", version.version)

    challenger = _logged(settings, Candidate("ridge", {"alpha": 10.0}))
    outcome = promote_if_better(settings.model_name, "champion", challenger)

    assert not outcome.promoted
    assert f"no {METRIC} to compare with" in outcome.reason


def test_registering_the_same_run_twice_gives_one_version(settings: Settings) -> None:
    use_experiment(settings.experiment_name)
    data = load_data()
    run = log_run(train_candidate(Candidate("ridge", {"alpha": 1.0}), data), data)
    first = register_best([run], settings.model_name)
    assert register_best([run], settings.model_name).version == first.version


def _small_candidates() -> list[Candidate]:
    return [
        Candidate("ridge", {"alpha": 10.0}),
        Candidate("random-forest", {"n_estimators": 5, "max_depth": 3, "min_samples_leaf": 3}),
        Candidate(
            "gradient-boosting",
            {"n_estimators": 5, "learning_rate": 0.1, "max_depth": 2, "subsample": 0.8},
        ),
        Candidate("support-vector", {"C": 30.0, "epsilon": 5.0, "gamma": 0.02}),
    ]


def _logged(settings: Settings, candidate: Candidate) -> ModelVersion:
    data = load_data()
    return register_best([log_run(train_candidate(candidate, data), data)], settings.model_name)
