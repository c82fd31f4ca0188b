"""What a snapshot must contain, and whether it does."""

import hashlib
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

FORMAT = 1
MANIFEST = "manifest.json"
ARTIFACTS = "artifacts"
_CHUNK = 1 << 20
# What MLflow calls a file while it is being uploaded.
UPLOADING = ".artifact.uploading."

# Tables whose rows people know under a name, by role of the database.
KNOWN = {
    "runs": ("tracking", "runs"),
    "logged models": ("tracking", "logged_models"),
    "registered models": ("tracking", "registered_models"),
    "versions": ("tracking", "model_versions"),
    "aliases": ("tracking", "registered_model_aliases"),
    "users": ("auth", "users"),
}


@dataclass(frozen=True)
class File:
    """One artifact."""

    size: int
    mtime: int
    """Nanoseconds since 1970."""
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """Written into each snapshot."""

    created: str
    mlflow_version: str
    databases: dict[str, dict[str, Any]]
    """By role: the schema's revision, the rows of each table, the hash of the dump."""
    files: dict[str, File]
    store: str = ""
    """Root of the artifact store, which absolute locations in the databases begin with."""

    @property
    def size(self) -> int:
        dumps = sum(database["size"] for database in self.databases.values())
        return dumps + sum(file.size for file in self.files.values())

    def counts(self) -> str:
        """For people: `12 runs, 3 versions, …, 40 files`."""
        rows = {
            name: self.databases[role]["rows"].get(table, 0)
            for name, (role, table) in KNOWN.items()
        }
        named = [f"{count} {name}" for name, count in rows.items()]
        return ", ".join([*named, f"{len(self.files)} files"])

    def to_json(self) -> str:
        files = {path: [one.size, one.mtime, one.sha256] for path, one in self.files.items()}
        return json.dumps({"format": FORMAT, **asdict(self), "files": files})


def from_json(text: str | bytes) -> Manifest:
    value = json.loads(text)
    files = {path: File(*entry) for path, entry in value["files"].items()}
    return Manifest(
        created=value["created"],
        mlflow_version=value["mlflow_version"],
        databases=value["databases"],
        files=files,
        store=value.get("store", ""),
    )


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def files_of(
    folder: Path, exclude: Path | None = None, known: Mapping[str, File] | None = None
) -> dict[str, File]:
    """Every file below a folder. One of a known size and time is not read again."""
    known = known or {}
    found: dict[str, File] = {}
    for path in _walk(folder, exclude):
        name = path.relative_to(folder).as_posix()
        try:
            status = path.stat()
            seen = (status.st_size, status.st_mtime_ns)
            before = known.get(name)
            found[name] = (
                before
                if before and (before.size, before.mtime) == seen
                else File(*seen, hash_file(path))
            )
        except FileNotFoundError:
            continue  # deleted meanwhile
    return found


def _walk(folder: Path, exclude: Path | None) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        if exclude:
            folders[:] = [name for name in folders if Path(parent, name) != exclude]
        for name in sorted(names):
            path = Path(parent, name)
            if not name.startswith(UPLOADING) and path.is_file() and not path.is_symlink():
                yield path


def file_of(path: Path) -> File:
    status = path.stat()
    return File(status.st_size, status.st_mtime_ns, hash_file(path))


def hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_stream(stream: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def files_in_tar(stream: IO[bytes], folder: str) -> dict[str, File]:
    """The files of a folder in a tar archive, by path in the folder."""
    found: dict[str, File] = {}
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content:
                name = member.name.lstrip("/").removeprefix(f"{folder}/")
                found[name] = File(member.size, int(member.mtime * 1e9), hash_stream(content))
    return found


def file_differences(wanted: Mapping[str, File], found: Mapping[str, File]) -> list[str]:
    """Which of the wanted files are missing or have different content.

    A file that was rewritten after it was hashed has a later time, and is the newer state of an
    active run. Further files belong to runs that the databases do not know yet.
    """
    differences: list[str] = []
    for path, file in wanted.items():
        other = found.get(path)
        if other is None:
            differences.append(f"{path} is missing")
        elif other.sha256 != file.sha256 and other.mtime // 1000 <= file.mtime // 1000:
            differences.append(f"{path} has different content")
    return differences


def row_differences(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Tables that do not have the number of rows they should have."""
    tables = sorted({*wanted["rows"], *found["rows"]})
    return [
        f"{table} has {found['rows'].get(table)} rows instead of {wanted['rows'].get(table)}"
        for table in tables
        if wanted["rows"].get(table) != found["rows"].get(table)
    ]
