"""`python -m training`: the training Job."""

import logging
import os
import signal
import sys
import warnings

# Before MLflow is imported: it reads these then, and git is not in the image.
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "5")

from mlflow.exceptions import MlflowException
from requests.exceptions import RequestException

from training.candidates import METRIC
from training.errors import TrainingError, sentence
from training.flow import TrainingResult, train_and_promote
from training.serving import wait_until_served
from training.settings import Settings, settings_from_env
from training.tracking import figure


def main() -> int:
    # An exception, so that a run which is interrupted is marked failed instead of running for ever.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="mlflow")
    settings = Settings(tracking_uri="")
    try:
        settings = settings_from_env()
        result = train_and_promote(settings, say=_say)
        _say(summary(settings, result))
        if settings.serving_url and result.promotion and result.promotion.champion:
            wait_until_served(settings.serving_url, result.promotion.champion)
            _say(f"the model server answers with version {result.promotion.champion}")
    except (TrainingError, MlflowException, RequestException) as error:
        fault = sentence(error, settings.tracking_uri, settings.username)
        print(f"error: {fault}", file=sys.stderr, flush=True)
        return 1
    return 0


def summary(settings: Settings, result: TrainingResult) -> str:
    """What came of the training, for people who read the log of the pod."""
    if result.version is None or result.promotion is None:
        return "done"
    width = max(len(run.name) for run in result.runs)
    lines = ["", f"{'model':{width}}  {METRIC:>8}  holdout_rmse  holdout_r2"]
    for run in result.runs:
        cv, rmse, r2 = (
            figure(run.metrics.get(name)) for name in (METRIC, "holdout_rmse", "holdout_r2")
        )
        lines.append(f"{run.name:{width}}  {cv:>8}  {rmse:>12}  {r2:>10}")
    verb = "is now" if result.promotion.promoted else "is not"
    lines += [
        "",
        f"{settings.model_name} version {result.version} ({result.runs[0].name}) {verb} "
        f"{settings.model_alias}: {result.promotion.reason}",
    ]
    return "\n".join(lines)


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
