"""restic: where snapshots are kept, deduplicated and encrypted."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from backup.errors import BackupError
from backup.progress import say, size_text, sparingly

MARK = "mlflow"
VERIFIED, DAMAGED = "verified", "damaged"
BEFORE_RESTORE = "before-restore"
# What a volume, S3 and Cloud Storage report for a file or bucket that does not exist.
_ABSENT = re.compile("no such file|does not exist|doesn't exist")


@dataclass(frozen=True)
class Snapshot:
    """One state of MLflow."""

    id: str
    original: str
    """The id under which it was made: a new tag gives restic's snapshot a new id."""
    time: datetime
    tags: tuple[str, ...]

    @property
    def short_id(self) -> str:
        return self.original[:8]

    @property
    def mlflow_version(self) -> str:
        return self._value("mlflow-version")

    @property
    def size(self) -> int:
        return int(self._value("size") or 0)

    @property
    def verified(self) -> bool | None:
        """None if the snapshot was never verified."""
        return True if VERIFIED in self.tags else False if DAMAGED in self.tags else None

    def _value(self, name: str) -> str:
        found = (tag.partition("=")[2] for tag in self.tags if tag.startswith(f"{name}="))
        return next(found, "")


def ensure_repository() -> None:
    """Makes the repository when there is none."""
    if _read("cat", "config") is None:
        _checked("init")
        say("initialized the destination")


def _read(*words: str) -> str | None:
    """The output of a read-only command; None where there is no repository."""
    done = _restic(*words, "--no-lock")
    if done.returncode == 0:
        return done.stdout
    if "wrong password" in done.stderr:
        raise BackupError(
            "the destination was encrypted with another password; set backupPassword, or the "
            "Secret of backupPasswordSecretName, to that of the stack that made it, or choose "
            "another destination"
        )
    if "unable to open config file" in done.stderr and _ABSENT.search(done.stderr):
        return None
    reason = next((line for line in done.stderr.splitlines() if "Fatal:" in line), done.stderr)
    raise BackupError(f"cannot open the destination: {_last_line(reason)}")


def unlock() -> None:
    """Removes locks of killed processes. Call it while holding the platform's own lock."""
    _checked("unlock", "--remove-all")


def snapshots() -> list[Snapshot]:
    """The snapshots of the repository, oldest first."""
    entries = json.loads(_read("snapshots", "--tag", MARK, "--json") or "[]") or []
    found = [
        Snapshot(
            id=entry["id"],
            original=entry.get("original", entry["id"]),
            time=datetime.fromisoformat(_micro(entry["time"])),
            tags=tuple(entry.get("tags") or ()),
        )
        for entry in entries
    ]
    return sorted(found, key=lambda snapshot: snapshot.time)


def find(wanted: str) -> Snapshot:
    """The snapshot with an id that begins so; `latest` is the newest that is not damaged."""
    known = snapshots()
    if wanted == "latest":
        # What a restore saved is for going back; people do not mean it by their latest backup.
        usual = [
            one for one in known if one.verified is not False and BEFORE_RESTORE not in one.tags
        ]
        # One from the future was made while the clock was wrong, before those with earlier dates.
        past = [one for one in usual if one.time <= datetime.now(UTC)]
        if usual:
            return (past or usual)[-1]
        raise BackupError("the destination holds no snapshot; make one with `npm run backup`")
    found = [one for one in known if one.original.startswith(wanted) or one.id.startswith(wanted)]
    if len(found) == 1:
        return found[0]
    if found:
        raise BackupError(
            f"{len(found)} snapshots begin with {wanted}; use a longer prefix of the id"
        )
    ids = ", ".join(one.short_id for one in known) or "none"
    raise BackupError(f"the destination has no snapshot {wanted}; it has {ids}")


def save(folder: Path, paths: list[str], exclude: list[Path | str], tags: list[str]) -> Snapshot:
    """Makes a snapshot of paths in a folder."""
    report = sparingly()
    words = ["backup", "--json", "--host", MARK, *paths]
    words += [f"--exclude={path}" for path in exclude]
    for tag in (MARK, *tags):
        words += ["--tag", tag]
    process = subprocess.Popen(
        ["restic", *words],
        cwd=folder,
        env={**os.environ, "RESTIC_PROGRESS_FPS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    made = ""
    for line in process.stdout or ():
        message = json.loads(line) if line.startswith("{") else {}
        if message.get("message_type") == "status" and message.get("total_bytes"):
            done = size_text(message.get("bytes_done", 0))
            report(f"storing: {done} of {size_text(message['total_bytes'])}")
        if message.get("message_type") == "summary":
            made = message["snapshot_id"]
            say(f"stored {size_text(message.get('data_added', 0))} of new data")
    errors = process.stderr.read() if process.stderr else ""
    # 3: a file vanished or could not be read while it was stored.
    if process.wait() not in (0, 3) or not made:
        raise BackupError(f"restic backup failed: {_last_line(errors)}")
    return find(made)


def tag(snapshot: Snapshot, *, add: str, remove: str) -> Snapshot:
    _checked("tag", "--add", add, "--remove", remove, snapshot.id)
    return find(snapshot.original)


def sizes(snapshot: Snapshot, folder: str) -> dict[str, int]:
    """Size of every file of a folder of the snapshot, by path in that folder."""
    found: dict[str, int] = {}
    for line in _checked(
        "ls", "--no-lock", "--json", "--recursive", snapshot.id, f"/{folder}"
    ).splitlines():
        node = json.loads(line)
        if node.get("struct_type") == "node" and node["type"] == "file":
            found[node["path"].removeprefix(f"/{folder}/")] = node.get("size", 0)
    return found


@contextmanager
def stream(snapshot: Snapshot, path: str) -> Iterator[IO[bytes]]:
    """The content of a file, or of a folder as a tar archive."""
    with subprocess.Popen(
        ["restic", "dump", "--no-lock", snapshot.id, f"/{path}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        yield process.stdout
        errors = process.stderr.read() if process.stderr else b""
    if process.returncode != 0:
        raise BackupError(f"cannot read {path} of {snapshot.short_id}: {_last_line(errors)}")


def bring_back(snapshot: Snapshot, folder: str, target: Path) -> None:
    """Restores a folder of the snapshot below a target."""
    _checked(
        *("restore", "--no-lock", snapshot.id, "--include", f"/{folder}", "--target", str(target))
    )


def remove(snapshot: Snapshot) -> None:
    _checked("forget", snapshot.id)


def check(subset: str) -> str | None:
    """What is wrong with the repository, or None. A part of the data is read back."""
    done = _restic("check", f"--read-data-subset={subset}")
    return None if done.returncode == 0 else _last_line(done.stderr or done.stdout)


def forget(count: int, days: int) -> None:
    """Deletes snapshots that are neither among the newest nor young enough."""
    _checked(
        *("forget", "--prune", "--group-by", "", "--tag", MARK),
        *("--keep-last", str(count), "--keep-within", f"{days}d"),
    )


def stored_bytes() -> int:
    """What the whole repository takes at the destination."""
    answer = _checked("stats", "--no-lock", "--mode", "raw-data", "--json")
    return int(json.loads(answer)["total_size"])


def _checked(*words: str) -> str:
    done = _restic(*words)
    if done.returncode != 0:
        raise BackupError(f"restic {words[0]} failed: {_last_line(done.stderr)}")
    return done.stdout


def _restic(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["restic", *words], capture_output=True, text=True, check=False)


def _last_line(text: Any) -> str:  # noqa: ANN401 - text or bytes
    decoded = text.decode(errors="replace") if isinstance(text, bytes) else text
    lines = [line for line in decoded.strip().splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"


def _micro(time: str) -> str:
    """restic writes nanoseconds, of which Python reads six digits."""
    head, dot, rest = time.partition(".")
    if not dot:
        return time.replace("Z", "+00:00")
    digits = rest.rstrip("Z").split("+")[0].split("-")[0]
    return f"{head}.{digits[:6]:0<6}{rest[len(digits) :]}".replace("Z", "+00:00")
