"""How far a restore has come, so that the next one continues where a killed one ended."""

import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

RESTORED = "restored"
"""The new data is complete and matches the manifest; the old data is in use."""
SWAPPING = "swapping"
"""MLflow is stopped, and the old files are being moved away."""
MOVED_OUT = "moved-out"
"""The old files are moved away, and the new ones are being moved into place."""
SWAPPED = "swapped"
"""The new data is in use; MLflow must be started and the old data deleted."""


@dataclass(frozen=True)
class Entry:
    """The only line of the journal."""

    phase: str
    snapshot: str
    replicas: int = 1


class Journal:
    """A file on the artifact volume, next to what is swapped."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "journal.json"

    def read(self) -> Entry | None:
        try:
            return Entry(**json.loads(self._file.read_text()))
        except FileNotFoundError:
            return None

    def write(self, entry: Entry) -> None:
        """From here on it survives a power loss."""
        draft = self._file.with_suffix(".draft")
        with draft.open("w") as file:
            json.dump(asdict(entry), file)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(self._file)
        sync(self.folder)

    def clear(self) -> None:
        """Deletes the journal last: until then a restart knows what is left to remove."""
        if not self.folder.exists():
            return
        for path in self.folder.iterdir():
            if path != self._file:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.rmtree(self.folder)


def sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
