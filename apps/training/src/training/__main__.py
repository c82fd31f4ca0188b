"""`python -m training [FOLDER]`: runs train.py of a model's folder, as the training Job does."""

import json
import logging
import os
import runpy
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# MLflow reads these when a run begins.
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")  # git is not in the image
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "5")

import mlflow
from mlflow.exceptions import MlflowException
from requests.exceptions import RequestException

from training.errors import TrainingError, sentence
from training.runs import end_leftovers, group_of, wait_for_tracking
from training.settings import Settings, folder_in_the_image, settings_from_env


def main(arguments: list[str]) -> int:
    # An exception, so that a run which is interrupted is marked failed instead of staying RUNNING.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="mlflow")
    env = os.environ
    try:
        folder = Path(arguments[0]) if arguments else _folder_of_the_job()
        env["MODEL_FOLDER"] = str(folder.resolve())
        settings = settings_from_env()
        script = folder.resolve() / "train.py"
        if not script.is_file():
            raise TrainingError(f"{folder} has no train.py: add one that trains the model")
        wait_for_tracking(settings.tracking_uri, settings.start_timeout)
        # For calls of mlflow that the script makes itself.
        experiment = mlflow.set_experiment(settings.experiment_name).experiment_id
        sys.path.insert(0, str(script.parent))
        sys.argv = [str(script)]
        with _no_run_left(settings, experiment):
            runpy.run_path(str(script), run_name="__main__")
    except (TrainingError, MlflowException, RequestException) as error:
        who = env.get("MLFLOW_TRACKING_USERNAME")
        fault = sentence(error, env.get("MLFLOW_TRACKING_URI", ""), who)
        print(f"error: {fault}", file=sys.stderr, flush=True)
        return 1
    return 0


@contextmanager
def _no_run_left(settings: Settings, experiment: str) -> Iterator[None]:
    """Ends every run that is still RUNNING, of a killed attempt or of a worker of the script."""
    tag = "training.attempt"
    group = group_of(settings)
    attempt = group if settings.trials is None else f"{group}-{settings.index}"
    context = json.loads(os.environ.get("MLFLOW_RUN_CONTEXT") or "{}")
    os.environ["MLFLOW_RUN_CONTEXT"] = json.dumps({**context, tag: attempt})
    end_leftovers(experiment, tag, attempt)
    try:
        yield
    finally:
        with suppress(MlflowException, RequestException):
            while mlflow.active_run():
                mlflow.end_run()  # as MLflow does when the process exits
            end_leftovers(experiment, tag, attempt)


def _folder_of_the_job() -> Path:
    """The folder of the model that the Job is for, so that no name gets another one's model."""
    if folder := folder_in_the_image(os.environ):
        return folder
    name = os.environ.get("MODEL_NAME")
    if not name:
        raise TrainingError("give the folder to train: python -m training models/NAME")
    raise TrainingError(
        f"this image has no training code of {name}: a model without a folder models/{name} "
        f"is served, not trained; make one with `npm run new:model {name}`"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
