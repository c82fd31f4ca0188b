"""Stands between a client and MLflow, and spoils the answers with a model's file."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx


class Spoiler:
    """What happens to the answers that carry the file; without any of it they pass unchanged."""

    url = ""
    seconds_before_first_byte = 0.0
    seconds_between_bytes = 0.0
    stalls_halfway = False
    drops_the_end = False
    hides_the_length = False


@contextmanager
def spoiling_proxy(target: str, file: str) -> Iterator[Spoiler]:
    """Passes GET requests on to `target`; the answers with this file go as the spoiler says."""
    spoiler = Spoiler()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = httpx.get(f"{target}{self.path}", timeout=30, verify=False)
            spoiled = self.path.endswith(f"/{file}")
            if spoiled:
                time.sleep(spoiler.seconds_before_first_byte)
            self.send_response(found.status_code)
            self.send_header("Content-Type", found.headers["Content-Type"])
            if not (spoiled and spoiler.hides_the_length):
                self.send_header("Content-Length", str(len(found.content)))
            self.end_headers()
            half = len(found.content) // 2
            self.wfile.write(found.content[:half])
            if spoiled and spoiler.stalls_halfway:
                time.sleep(10)
            if spoiled and spoiler.drops_the_end:
                return
            rest = found.content[half:]
            pieces = 8 if spoiled else 1
            size = -(-len(rest) // pieces)
            for start in range(0, len(rest), size or 1):
                time.sleep(spoiler.seconds_between_bytes if spoiled else 0)
                self.wfile.write(rest[start : start + size])

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        spoiler.url = f"http://127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield spoiler
        server.shutdown()
