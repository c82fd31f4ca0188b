"""`python -m tracking_server server | migrate | gc … | metrics | database-metrics`."""

import sys

from tracking_server.errors import StartupError


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
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
