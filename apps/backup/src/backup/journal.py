"""How far a restore has come, so that the next start goes on where a killed one ended."""

import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

RESTORED = "restored"
"""The new data is complete and equal to the manifest; the old data is in use."""
SWAPPING = "swapping"
"""MLflow is stopped, and the old files are moving out."""
MOVED_OUT = "moved-out"
"""The old files are out, and the new ones are moving in."""
SWAPPED = "swapped"
"""The new data is in use; MLflow is to be started and the old data to be deleted."""


@dataclass(frozen=True)
class Entry:
    """One line of the journal, which has no other."""

    phase: str
    snapshot: str
    replicas: int = 1


class Journal:
    """A file on the artifact volume, beside what is swapped."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "journal.json"

    def read(self) -> Entry | None:
        try:
            return Entry(**json.loads(self._file.read_text()))
        except FileNotFoundError:
            return None

    def write(self, entry: Entry) -> None:
        """Survives a loss of power from here on."""
        draft = self._file.with_suffix(".draft")
        with draft.open("w") as file:
            json.dump(asdict(entry), file)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(self._file)
        sync(self.folder)

    def clear(self) -> None:
        """The journal goes last: until then a restart knows what there is to remove."""
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
