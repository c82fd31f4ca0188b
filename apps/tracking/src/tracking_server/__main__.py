"""`python -m tracking_server server | migrate`."""

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
            case _:
                print("usage: python -m tracking_server server | migrate", file=sys.stderr)
                return 2
    except StartupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
