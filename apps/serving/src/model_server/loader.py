"""From a registered version to a proven `LoadedModel`, or to the reason why not."""

from __future__ import annotations

import logging
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import mlflow.pyfunc
from mlflow.models import Model
from mlflow.types.schema import Schema

from model_server.baseline import NO_BASELINE, Baseline, BaselineError, read_baseline
from model_server.decoder import compile_decoder
from model_server.errors import LoadError, RegistryError, in_short
from model_server.loaded_model import LoadedModel
from model_server.observed import Observed
from model_server.predictions import plain
from model_server.protocol import read_json
from model_server.registry import ModelVersion, Registry
from model_server.settings import Settings
from model_server.signature import (
    describe_example,
    describe_signature,
    required_signature,
    sample,
)
from model_server.trust import refuse_untrusted

_log = logging.getLogger(__name__)


class Loader:
    """Downloads, loads and proves versions, one after the other. Blocking."""

    def __init__(self, registry: Registry, settings: Settings) -> None:
        self._registry = registry
        self._settings = settings
        shutil.rmtree(settings.work_dir, ignore_errors=True)
        settings.work_dir.mkdir(parents=True, mode=0o700)

    def load(self, version: ModelVersion) -> LoadedModel:
        """Raise `LoadError` with the reason if the version cannot be served."""
        folder = Path(
            tempfile.mkdtemp(prefix=f"version-{version.version}-", dir=self._settings.work_dir)
        )
        try:
            return self._load(version, folder)
        except (Exception, SystemExit) as error:  # a model's code may call exit()
            shutil.rmtree(folder, ignore_errors=True)
            raise LoadError(_reason(error)) from None

    def _load(self, version: ModelVersion, folder: Path) -> LoadedModel:
        files = self._registry.download(version, folder)
        metadata = Model.load(str(files))
        signature = required_signature(metadata)
        if not self._settings.allow_pickle:
            refuse_untrusted(metadata)
        pyfunc = mlflow.pyfunc.load_model(str(files))
        sklearn = pyfunc.loader_module == "mlflow.sklearn"
        decoder = compile_decoder(signature, fill_missing=sklearn)
        baseline = usable_baseline(metadata, version, decoder.number_columns)
        loaded = LoadedModel(
            version,
            pyfunc,
            decoder,
            Observed(baseline, self._settings),
            {
                "signature": describe_signature(signature),
                "input_example": describe_example(pyfunc.input_example, signature.inputs, baseline),
                "metrics": {
                    key: plain(value) for key, value in self._registry.run_metrics(version).items()
                },
            },
            datetime.now(UTC),
            folder,
        )
        prove(loaded, files, signature.inputs)
        return loaded


def usable_baseline(model: Model, version: ModelVersion, columns: list[str]) -> Baseline:
    """What of the model's baseline can be compared with requests. A fault in it costs the model
    its drift, never its service."""
    try:
        baseline = read_baseline(model.metadata)
    except Exception as error:
        reason = str(error) if isinstance(error, BaselineError) else in_short(error)
        _log.warning(
            "version %s is served without drift: its baseline cannot be used: %s",
            version.version,
            reason,
        )
        return NO_BASELINE
    unknown = [name for name in baseline.features if name not in columns]
    if unknown:
        _log.warning(
            "version %s: its baseline describes %s, not among the numbers of its signature",
            version.version,
            ", ".join(map(repr, unknown[:10])),
        )
    known = {name: bins for name, bins in baseline.features.items() if name in columns}
    return Baseline(known, baseline.predictions)


def prove(model: LoadedModel, files: Path, inputs: Schema) -> None:
    """One prediction, over the same path as a request's."""
    example = files / "serving_input_example.json"
    if example.is_file():
        payload, source = read_json(example.read_bytes()), "its input example"
    else:
        payload, source = sample(inputs), "a row made from its signature"
    try:
        model.try_out(payload)
    except (Exception, SystemExit) as error:
        advice = "" if example.is_file() else "; log the model with an input_example"
        raise LoadError(f"it cannot predict {source}: {in_short(error)}{advice}") from error


def _reason(error: BaseException) -> str:
    if isinstance(error, LoadError):
        return str(error)
    if isinstance(error, RegistryError):
        return f"the tracking server did not deliver it: {error}"
    if isinstance(error, ModuleNotFoundError):
        return f"it needs the Python module {error.name!r}, which the model server does not have"
    _log.debug("load failed", exc_info=error)
    return f"it cannot be loaded: {in_short(error)}"
