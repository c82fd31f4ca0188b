"""From a registered version to a proven `LoadedModel`, or to the reason why not."""

from __future__ import annotations

import logging
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import numpy as np
import pandas as pd
from mlflow.models import Model, ModelSignature
from mlflow.types.schema import DataType, Schema, TensorSpec

from model_server.baseline import NO_BASELINE, Baseline, BaselineError, read_baseline
from model_server.decoder import compile_decoder
from model_server.errors import LoadError, RegistryError, in_short
from model_server.loaded_model import LoadedModel
from model_server.observed import Observed
from model_server.predictions import plain
from model_server.protocol import Payload, read_json
from model_server.registry import ModelVersion, Registry
from model_server.settings import Settings
from model_server.trust import refuse_untrusted

_log = logging.getLogger(__name__)
_SHOWN_EXAMPLE_ROWS = 100
_SAMPLES = {
    DataType.boolean: False,
    DataType.string: "",
    DataType.binary: "",
    DataType.datetime: "2000-01-01T00:00:00",
}


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
        signature = metadata.signature
        if signature is None or signature.inputs is None:
            raise LoadError(
                "it has no signature, so requests cannot be checked: log the model with "
                "input_example=... or signature=mlflow.models.infer_signature(...)"
            )
        if not self._settings.allow_pickle:
            refuse_untrusted(metadata, files)
        pyfunc = mlflow.pyfunc.load_model(str(files), suppress_warnings=True)
        sklearn = pyfunc.loader_module == "mlflow.sklearn"
        decoder = compile_decoder(signature.inputs, fill_missing=sklearn)
        baseline = usable_baseline(metadata, version, decoder.number_columns)
        loaded = LoadedModel(
            version,
            pyfunc,
            decoder,
            Observed(baseline, self._settings),
            {
                "signature": describe_signature(signature),
                "input_example": describe_example(pyfunc.input_example),
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
        payload, source = _sample(inputs), "a row made from its signature"
    try:
        model.try_out(payload)
    except (Exception, SystemExit) as error:
        advice = "" if example.is_file() else "; log the model with an input_example"
        raise LoadError(f"it cannot predict {source}: {in_short(error)}{advice}") from error


def _sample(inputs: Schema) -> Payload:
    """A request with one row of zeros, empty strings and so on."""
    if inputs.is_tensor_spec():
        tensors = {
            spec.name: np.zeros([abs(size) for size in spec.shape], spec.type).tolist()
            for spec in inputs.inputs
        }
        return Payload("inputs", tensors if inputs.has_input_names() else tensors[None])
    row = [_SAMPLES.get(kind, 0) for kind in inputs.input_types()]
    if not inputs.has_input_names():
        return Payload("dataframe_split", {"data": [row]})
    return Payload("dataframe_split", {"columns": inputs.input_names(), "data": [row]})


def describe_signature(signature: ModelSignature) -> dict[str, list[dict[str, Any]]]:
    """The signature as `/model` shows it."""
    return {
        "inputs": _describe_schema(signature.inputs),
        "outputs": _describe_schema(signature.outputs),
    }


def _describe_schema(schema: Schema | None) -> list[dict[str, Any]]:
    described = []
    for spec in schema.inputs if schema else []:
        if isinstance(spec, TensorSpec):
            kind = f"tensor({spec.type.name})"
            more = {"required": spec.required, "shape": list(spec.shape)}
        else:
            kind = spec.type.name if isinstance(spec.type, DataType) else str(spec.type)
            more = {"required": spec.required}
        described.append({"name": spec.name, "type": kind, **more})
    return described


def describe_example(example: object) -> dict[str, Any] | None:
    """The first rows of a tabular input example; None if there is none or it is no table."""
    if not isinstance(example, pd.DataFrame):
        return None
    rows = example.head(_SHOWN_EXAMPLE_ROWS)
    data = [[plain(value) for value in row] for row in rows.itertuples(index=False, name=None)]
    return {"columns": [str(name) for name in rows.columns], "data": data}


def _reason(error: BaseException) -> str:
    if isinstance(error, LoadError):
        return str(error)
    if isinstance(error, RegistryError):
        return f"the tracking server did not deliver it: {error}"
    if isinstance(error, ModuleNotFoundError):
        return f"it needs the Python module {error.name!r}, which the model server does not have"
    _log.debug("load failed", exc_info=error)
    return f"it cannot be loaded: {in_short(error)}"
