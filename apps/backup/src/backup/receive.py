"""Copies another platform's data next to the data in use; `swap` then puts it in its place.

As after a restore, the platform's migration runs between the two commands.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from backup import databases, locations, restore
from backup.errors import BackupError
from backup.journal import RESTORED, Entry, Journal
from backup.manifest import ARTIFACTS, File, Manifest
from backup.peer import CONNECTIONS, Peer
from backup.progress import say, size_text, sparingly
from backup.settings import Settings
from backup.stores import Store, store_of

ATTEMPTS = 3


def receive(settings: Settings, port: int, *, overwrite: bool) -> None:
    """Copies what is missing, so that an interrupted copy continues where it ended."""
    with databases.backup_lock(), Peer(port) as peer:
        settings.received.mkdir(parents=True, exist_ok=True)
        journal = Journal(settings.restoring)
        if (entry := journal.read()) and entry.phase != RESTORED:
            say("a restore or copy was interrupted while it swapped; finishing it")
            return
        say("waiting for the manifest")
        manifest = peer.manifest()
        say(f"copying {size_text(manifest.size)} of {manifest.created}: {manifest.counts()}")
        restore.refuse_newer_version(settings, manifest)
        restore.refuse_to_overwrite(settings, manifest, overwrite=overwrite)
        _receive_files(settings, peer, manifest)
        restore.restore_databases(settings, manifest, peer.read)
        tracking = restore.new_name(settings.databases["tracking"])
        locations.follow_store(tracking, manifest.store)
        journal.write(Entry(RESTORED, ""))
    say(
        f"matches the manifest: the rows of every table, and {len(manifest.files)} files by SHA-256"
    )


def _receive_files(settings: Settings, peer: Peer, manifest: Manifest) -> None:
    """Reads back and compares all that was written; the first pass finds which files exist."""
    store = store_of(settings)
    wanted = manifest.files
    failures: list[str] = []
    for attempt in range(ATTEMPTS + 1):
        found = store.hashes(wanted)
        missing = [path for path, file in wanted.items() if found.get(path) != file.sha256]
        size = sum(wanted[path].size for path in missing)
        if attempt == 0:
            say(f"{len(wanted) - len(missing)} of {len(wanted)} files are already here")
            if settings.tracking is None:
                restore.check_room(settings, size)
        if not missing:
            return
        if attempt == ATTEMPTS:
            break
        failures = _copy(store, peer, wanted, missing, size)
    raise BackupError(
        f"{len(missing)} files differ from the manifest after {ATTEMPTS} attempts, "
        f"{missing[0]} first{f' ({failures[0]})' if failures else ''}; nothing was replaced"
    )


def _copy(
    store: Store, peer: Peer, wanted: dict[str, File], missing: list[str], size: int
) -> list[str]:
    """Copies files side by side; returns what went wrong with some of them."""
    report = _progress(len(missing), size)
    failures: list[str] = []

    def copy(path: str) -> None:
        name = f"{ARTIFACTS}/{path}"
        content = peer.content(name, wanted[path].size)
        try:
            store.put(path, wanted[path].size, content)
        except BackupError as error:
            failures.append(str(error))
        if content.sha256 != wanted[path].sha256:
            # Logged again under the same name after the manifest: the newer state of its run.
            wanted[path] = peer.file(name)
        report(wanted[path].size)

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(copy, missing))
    return failures


def _progress(count: int, size: int) -> Callable[[int], None]:
    report = sparingly()
    done = {"files": 0, "bytes": 0}

    def add(more: int) -> None:
        done["files"] += 1
        done["bytes"] += more
        report(
            f"copied {done['files']} of {count} files, "
            f"{size_text(done['bytes'])} of {size_text(size)}"
        )

    return add
