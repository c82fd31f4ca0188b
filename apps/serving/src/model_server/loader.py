"""From a registered version to a proven `LoadedModel`, or to the reason why not."""

from __future__ import annotations

import logging
import shutil
import tempfile
import weakref
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType

import mlflow.pyfunc
from mlflow.models import Model
from mlflow.types.schema import Schema

from model_server.baseline import NO_BASELINE, Baseline, BaselineError, read_baseline
from model_server.bounds import keep_bounds
from model_server.compiled import compile_model, generated_rows, read_compiled
from model_server.decoder import compile_decoder
from model_server.errors import FatalLoadError, LoadError, in_short
from model_server.fatal import FatalVersions
from model_server.flavors import ESTIMATORS, asked, limit_threads
from model_server.loaded_model import LoadedModel
from model_server.observed import Observed
from model_server.predictions import plain
from model_server.proof import Prover
from model_server.protocol import Payload, read_json
from model_server.reasons import load_failure_reason
from model_server.registry import ModelVersion, Registry
from model_server.requirements import (
    Unmet,
    requirements_reason,
    unmet_python,
    unmet_requirements,
)
from model_server.settings import Settings
from model_server.signature import (
    describe_example,
    describe_signature,
    required_signature,
    sample,
)
from model_server.trust import refuse_untrusted, unpickles

_log = logging.getLogger(__name__)
_EXAMPLE = "serving_input_example.json"


class Loader:
    """Downloads versions, has each tried out in a child process, then loads it. Blocking.

    A load that begins ends the trial of the one before it, which raises a `LoadError` then.
    """

    def __init__(self, registry: Registry, settings: Settings) -> None:
        self._registry = registry
        self._settings = settings
        remove_downloads(settings)
        settings.work_dir.mkdir(parents=True, mode=0o700, exist_ok=True)
        self._fatal = FatalVersions(settings.work_dir / "fatal-versions.json")
        self._prover = Prover(
            partial(try_version, settings),
            settings.load_timeout_seconds,
            settings.memory_limit_bytes,
        )

    def load(self, version: ModelVersion, replaces: bool) -> LoadedModel:
        """Raise `LoadError` with the reason if the version cannot be served. One that `replaces`
        another must find all that it requires; otherwise it is tried."""
        ticket = self._prover.begin()
        self._fatal.refuse(version)
        folder = Path(
            tempfile.mkdtemp(prefix=f"version-{version.version}-", dir=self._settings.work_dir)
        )
        try:
            loaded = self._load(ticket, version, folder, replaces)
        except Exception as error:
            shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, FatalLoadError):
                self._fatal.note(version, error)
            if isinstance(error, LoadError):
                raise
            raise LoadError(load_failure_reason(error)) from error
        # Only with the last user of the model: a Python model may read its artifacts at any time.
        weakref.finalize(loaded, shutil.rmtree, folder, ignore_errors=True)
        return loaded

    def _load(
        self, ticket: object, version: ModelVersion, folder: Path, replaces: bool
    ) -> LoadedModel:
        target = folder / "files"
        target.mkdir()
        files = self._registry.download(version, target)
        unmet = _unmet(files)
        alias = self._settings.model_alias
        lacking = requirements_reason(unmet, version.name, alias) if unmet else ""
        # MLflow writes down what was imported where the model was logged, such as psutil in every
        # notebook: a package that is not here is missed only if the model does not load without.
        if replaces and not all(one.is_missing for one in unmet):
            raise LoadError(lacking)
        try:
            self._prover.prove(ticket, version, files)
        except FatalLoadError:
            raise
        except LoadError as error:
            if not unmet:
                raise
            raise LoadError(f"{error}; {lacking}") from error
        if unmet:
            _log.warning("version %s is served although %s", version.version, lacking)
        metrics = self._registry.run_metrics(version)
        with self._fatal.watching(version):
            return load_files(self._settings, version, files, metrics)


def _unmet(files: Path) -> list[Unmet]:
    metadata = Model.load(str(files))
    python = metadata.flavors.get("python_function", {}).get("python_version")
    return unmet_requirements(files / "requirements.txt") + (
        unmet_python(python) if unpickles(metadata) else []
    )


def remove_downloads(settings: Settings) -> None:
    """Remove the files of versions that this server, or one before it, has downloaded."""
    for folder in settings.work_dir.glob("version-*"):
        shutil.rmtree(folder, ignore_errors=True)


def try_version(settings: Settings, version: ModelVersion, files: Path) -> Callable[[], None]:
    """In the child: load the version and predict with it. What is answered looks for a quicker way
    to its predictions, which the server takes if it is found."""
    loaded = load_files(settings, version, files)
    return partial(_compile, loaded, files)


def _compile(loaded: LoadedModel, files: Path) -> None:
    if loaded.is_plain:
        inputs = required_signature(Model.load(str(files))).inputs
        example = loaded.decoder.decode(_proof(files, inputs)).data
        rows = generated_rows(loaded.decoder.columns, loaded.description["ranges"], example)
        asked = loaded.asked
        compile_model(asked.estimator, asked.predict, rows, _compiled_folder(files))


def _compiled_folder(files: Path) -> Path:
    """Next to the files of the version, none of which can be taken for what is in it."""
    return files.with_name(f"{files.name}-compiled")


def load_files(
    settings: Settings,
    version: ModelVersion,
    files: Path,
    metrics: Mapping[str, float] = MappingProxyType({}),
) -> LoadedModel:
    """The downloaded version in memory, after one prediction over the path of a request."""
    try:
        return _assemble(settings, version, files, metrics)
    except (Exception, SystemExit) as error:  # a model's code may call exit()
        alias = settings.model_alias
        raise LoadError(load_failure_reason(error, files, version.name, alias)) from error


def _assemble(
    settings: Settings, version: ModelVersion, files: Path, metrics: Mapping[str, float]
) -> LoadedModel:
    metadata = Model.load(str(files))
    signature = required_signature(metadata)
    if not settings.allow_pickle:
        keep_bounds()
        refuse_untrusted(metadata, files)
    if "onnx" in metadata.flavors:
        limit_threads()
    # For its warnings MLflow would import every package that the model's requirements name.
    pyfunc = mlflow.pyfunc.load_model(str(files), suppress_warnings=True)
    decoder = compile_decoder(signature, fill_missing=pyfunc.loader_module in ESTIMATORS)
    how = asked(pyfunc, signature.inputs)
    baseline = usable_baseline(metadata, version, decoder.number_columns)
    loaded = LoadedModel(
        version,
        pyfunc,
        decoder,
        how,
        Observed(baseline, settings),
        {
            "owner": (metadata.metadata or {}).get("owner"),
            "ranges": baseline.ranges,
            "signature": describe_signature(signature),
            "input_example": describe_example(pyfunc.input_example, signature.inputs, baseline),
            "classes": plain(how.classes) or None,
            "metrics": {key: plain(value) for key, value in metrics.items()},
        },
        datetime.now(UTC),
    )
    prove(loaded, files, signature.inputs)
    compiled = read_compiled(_compiled_folder(files), how.predict)
    if compiled is not None:
        loaded.take(compiled)
        way = "as an ONNX graph" if compiled.is_graph else "on arrays instead of frames"
        _log.info("version %s answers plain requests %s", version.version, way)
    return loaded


def usable_baseline(model: Model, version: ModelVersion, columns: list[str]) -> Baseline:
    """The part of the model's baseline that can be compared with requests. Without a usable one the
    model is served, and only its drift is missing."""
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
    example = files / _EXAMPLE
    source = "its input example" if example.is_file() else "a row made from its signature"
    try:
        model.try_out(_proof(files, inputs))
    except (Exception, SystemExit) as error:
        advice = "" if example.is_file() else "; log the model with an input_example"
        raise LoadError(f"it cannot predict {source}: {in_short(error)}{advice}") from error


def _proof(files: Path, inputs: Schema) -> Payload:
    example = files / _EXAMPLE
    return read_json(example.read_bytes()) if example.is_file() else sample(inputs)
