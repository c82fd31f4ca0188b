"""The folder that the steps of a pipeline share, and what each step added to it."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from training.errors import TrainingError

_OWN = ".steps"
_RECORD = f"{_OWN}.json"

Files = Mapping[str, str]
"""The SHA-256 of each file by its path in the folder."""


@dataclass(frozen=True)
class Workspace:
    """Remembers the files of every step that is done. They are read-only from then on, so a retried
    step finds what it found the first time."""

    folder: Path

    def files(self) -> dict[str, str]:
        """The files of all steps that are done."""
        return {path: digest for files in self._record().values() for path, digest in files.items()}

    def clear(self) -> None:
        """Removes the files of a failed attempt."""
        for left in self.folder.glob(f"{_OWN}-*"):
            shutil.rmtree(left)
        done = self.files()
        for path in self._paths():
            if path not in done:
                (self.folder / path).unlink()

    def added(self) -> dict[str, str]:
        """The files that are not from a step that is done."""
        done = self.files()
        found = self._paths()
        changed = [path for path in done if not self._is(path, done[path])]
        if changed:
            raise TrainingError(
                f"{changed[0]} is the output of an earlier step and has been changed or removed: "
                "write to another file"
            )
        return {path: _digest(self.folder / path) for path in found if path not in done}

    def keep(self, step: str, files: Files) -> None:
        """Notes the files of a step that is done."""
        for path in files:
            (self.folder / path).chmod(0o444)
        record = self.folder / _RECORD
        new = record.with_suffix(".new")
        new.write_text(json.dumps(self._record() | {step: dict(files)}))
        new.replace(record)

    def is_done(self, step: str) -> bool:
        return step in self._record()

    def take(self, files: Files, source: Path) -> bool:
        """Moves the outputs of an earlier run here, unless one is missing or has changed."""
        if any(not _is_file(source / path, digest) for path, digest in files.items()):
            return False
        for path in files:
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(source / path, target)
        return True

    def aside(self) -> tempfile.TemporaryDirectory[str]:
        """A folder on the same disk that is not passed on to other steps."""
        return tempfile.TemporaryDirectory(prefix=f"{_OWN}-", dir=self.folder)

    def link(self, files: Files, target: Path) -> None:
        """Puts files of this folder into another, without a second copy on the disk."""
        for path in files:
            place = target / path
            place.parent.mkdir(parents=True, exist_ok=True)
            os.link(self.folder / path, place)

    def _record(self) -> dict[str, dict[str, str]]:
        try:
            return json.loads((self.folder / _RECORD).read_text())
        except FileNotFoundError:
            return {}

    def _paths(self) -> list[str]:
        paths = []
        for path in sorted(self.folder.rglob("*")):
            name = path.relative_to(self.folder).as_posix()
            if path.is_symlink() or not (path.is_dir() or path.is_file()):
                raise TrainingError(
                    f"{name} is not a regular file: steps pass on only files and folders"
                )
            if path.is_file() and not name.startswith(_OWN):
                paths.append(name)
        return paths

    def _is(self, path: str, digest: str) -> bool:
        return _is_file(self.folder / path, digest)


def _is_file(path: Path, digest: str) -> bool:
    return path.is_file() and _digest(path) == digest


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
