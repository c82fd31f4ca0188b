"""The parameters and the shared folder, for the script of a pipeline's step."""

import json
import os
from pathlib import Path

from training.errors import TrainingError


def parameters() -> dict[str, str]:
    """The parameters of this step; none where it is started by hand."""
    return dict(json.loads(os.environ.get("PIPELINE_STEP") or "{}").get("parameters", {}))


def workspace() -> Path:
    """The folder that the steps of a pipeline share: what one writes there, the next ones read."""
    folder = os.environ.get("PIPELINE_WORKSPACE")
    if not folder:
        raise TrainingError(
            "PIPELINE_WORKSPACE is not set: run the steps of a pipeline with the same folder in it"
        )
    return Path(folder)
