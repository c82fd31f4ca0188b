"""Short ways to a logged run and a version."""

import mlflow
from data import load_data
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from sklearn.linear_model import Ridge

from training import LoggedRun, Settings, log_run

METRIC = "cv_rmse"
DATA = load_data()


def logged(value: float, **metrics: float) -> LoggedRun:
    """A run whose model measured this."""
    model = Ridge().fit(DATA.x_train, DATA.y_train)
    return log_run(model, DATA.x_train, DATA.y_train, metrics={METRIC: value, **metrics})


def version_of(settings: Settings, *values: float, metric: str = METRIC) -> ModelVersion:
    """A version whose run logged these values of the metric, one after the other, and no model."""
    client = MlflowClient()
    mlflow.set_experiment(settings.experiment_name)
    with mlflow.start_run() as run:
        for step, value in enumerate(values):
            mlflow.log_metric(metric, value, step=step)
        mlflow.log_text("flavors: {}", "model/MLmodel")
    if not client.search_registered_models(f"name = '{settings.model_name}'"):
        client.create_registered_model(settings.model_name)
    source = f"{run.info.artifact_uri}/model"
    return client.create_model_version(settings.model_name, source, run.info.run_id)


def promoted(settings: Settings, *values: float, metric: str = METRIC) -> str:
    version = str(version_of(settings, *values, metric=metric).version)
    MlflowClient().set_registered_model_alias(settings.model_name, "champion", version)
    return version


def holder(settings: Settings) -> str:
    return str(MlflowClient().get_model_version_by_alias(settings.model_name, "champion").version)
