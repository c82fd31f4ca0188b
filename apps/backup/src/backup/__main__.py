"""`python -m backup make | list | verify ID | restore ID [--replace] | swap`.

`send PORT` and `receive PORT [--replace]` copy a platform to another one.
"""

import json
import sys

import psycopg2

from backup import databases, make, receive, repository, restore, send, verification
from backup.errors import BackupError
from backup.metrics import push
from backup.progress import say
from backup.settings import Settings, settings


def main(arguments: list[str]) -> int:
    try:
        match arguments:
            case ["make"]:
                make.make(settings())
            case ["list"]:
                print(json.dumps([_row(snapshot) for snapshot in repository.snapshots()]))
            case ["verify", wanted]:
                _verify(settings(), wanted)
            case ["restore", wanted]:
                restore.restore(settings(), wanted, overwrite=False)
            case ["restore", wanted, "--replace"]:
                restore.restore(settings(), wanted, overwrite=True)
            case ["swap"]:
                restore.swap(settings(snapshots=False))
            case ["send", port]:
                send.send(settings(), int(port))
            case ["receive", port]:
                receive.receive(settings(snapshots=False), int(port), overwrite=False)
            case ["receive", port, "--replace"]:
                receive.receive(settings(snapshots=False), int(port), overwrite=True)
            case _:
                print((__doc__ or "").replace("`", ""), file=sys.stderr)
                return 2
    except (BackupError, psycopg2.Error, OSError) as error:
        print(f"error: {str(error).strip()}", file=sys.stderr, flush=True)
        return 1
    return 0


def _row(snapshot: repository.Snapshot) -> dict[str, object]:
    return {
        "id": snapshot.short_id,
        "time": snapshot.time.isoformat(),
        "size": snapshot.size,
        "mlflowVersion": snapshot.mlflow_version,
        "verified": snapshot.verified,
        "beforeRestore": repository.BEFORE_RESTORE in snapshot.tags,
    }


def _verify(chosen: Settings, wanted: str) -> None:
    with databases.backup_lock():
        repository.unlock()
        snapshot = repository.find(wanted)
        faults = verification.verify(chosen, snapshot, everything=True)
    push(chosen, {"verified": 0 if faults else 1})
    if faults:
        raise BackupError(f"snapshot {snapshot.short_id} is damaged: {'; '.join(faults[:5])}")
    say(f"snapshot {snapshot.short_id} is complete: every file was read and matches the manifest")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
