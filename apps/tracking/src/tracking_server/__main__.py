"""`python -m tracking_server COMMAND`.

Commands: server, migrate [--in-place], roll-back [--from VERSION], gc …, metrics, database-metrics.
"""

import atexit
import contextlib
import gc
import sys
from pathlib import Path

from tracking_server.errors import StartupError

# What Kubernetes shows of a container that has ended: Pulumi prints it, and so does the doctor.
_TERMINATION_MESSAGE = Path("/dev/termination-log")


def main(arguments: list[str]) -> int:
    """Runs one command; imports only what that command needs, MLflow takes seconds to import."""
    try:
        match arguments:
            case ["server"]:
                from tracking_server.server import serve

                serve()
            case ["migrate"]:
                from tracking_server.migrate import migrate

                migrate()
            case ["migrate", "--in-place"]:
                from tracking_server.migrate import migrate

                migrate(in_place=True)
            case ["roll-back"]:
                from tracking_server.take_over import roll_back

                roll_back()
            case ["roll-back", "--from", version]:
                from tracking_server.take_over import roll_back

                roll_back(version)
            case ["gc", *words]:
                from tracking_server.gc import collect

                collect(words)
            case ["metrics"]:
                from tracking_server.metrics import serve_metrics

                serve_metrics()
            case ["database-metrics"]:
                from tracking_server.database_metrics import serve_database_metrics

                serve_database_metrics()
            case _:
                print((__doc__ or "").replace("`", ""), file=sys.stderr)
                return 2
    except StartupError as error:
        print(f"error: {error}", file=sys.stderr)
        with contextlib.suppress(OSError):
            _TERMINATION_MESSAGE.write_text(str(error))
        return error.exit_code
    return 0


if __name__ == "__main__":
    # What MLflow imports is hundreds of thousands of objects and no garbage: by default they are
    # looked through so often that it takes a quarter longer.
    gc.set_threshold(100_000, 20, 100)
    # Python's last collection would visit all that MLflow has imported, which takes a second.
    atexit.register(gc.freeze)
    sys.exit(main(sys.argv[1:]))
