"""A model server that speaks the HTTP contract and predicts the sum of the numbers of a row."""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DIABETES: dict[str, Any] = {
    "name": "diabetes-progression",
    "version": "3",
    "alias": "champion",
    "run_id": "9f2c4e2b7d614a0f8a3c55f1c6f0a7d1",
    "signature": {
        "inputs": [
            {"name": "age", "type": "long", "required": True},
            {"name": "sex", "type": "long", "required": True},
            {"name": "bmi", "type": "double", "required": True},
            {"name": "blood_pressure", "type": "double", "required": True},
        ],
        "outputs": [{"name": "disease_progression", "type": "double", "required": True}],
    },
    "input_example": {
        "columns": ["age", "sex", "bmi", "blood_pressure"],
        "data": [[51, 1, 23.5, 101.0], [19, 1, 18.0, 62.0], [79, 2, 42.2, 133.0]],
    },
    "metrics": {"cv_rmse": 56.4987, "holdout_r2": 0.5391, "holdout_rmse": 49.4612},
    "loaded_at": "2026-11-22T15:40:12+00:00",
    "load_error": None,
}

EVERY_TYPE: dict[str, Any] = DIABETES | {
    "name": "every-type",
    "signature": {
        "inputs": [
            {"name": "count", "type": "integer", "required": True},
            {"name": "weight", "type": "float", "required": True},
            {"name": "is_new", "type": "boolean", "required": True},
            {"name": "city", "type": "string", "required": True},
            {"name": "since", "type": "datetime", "required": True},
            {"name": "discount", "type": "double", "required": False},
            {"name": "insured", "type": "boolean", "required": False},
        ],
        "outputs": [{"name": None, "type": "double", "required": True}],
    },
    "input_example": {
        "columns": ["count", "weight", "is_new", "city", "since", "discount", "insured"],
        "data": [[2, 1.5, True, "Bern", "2026-01-31T00:00:00", None, None]],
    },
}


def described(
    inputs: list[tuple[object, str | dict[str, Any], bool]], example: dict[str, Any] | None = None
) -> dict[str, Any]:
    """A model with these columns: name, type or schema of a nested type, and whether required."""
    columns = [
        {"name": name, "required": need}
        | ({"type": kind["type"], "schema": kind} if isinstance(kind, dict) else {"type": kind})
        for name, kind, need in inputs
    ]
    return DIABETES | {
        "signature": {"inputs": columns, "outputs": []},
        "input_example": example,
    }


class StubModelServer(ThreadingHTTPServer):
    allow_reuse_address = True

    def __init__(self, port: int = 0, model: dict[str, Any] | None = DIABETES) -> None:
        self.model = model
        """None: no version has the alias."""
        self.refusal: str | None = None
        self.answer: Any = None
        """Prediction of every row; None: the sum of its numbers."""
        self.body: dict[str, Any] | None = None
        """The whole answer to a prediction, in place of the above."""
        self.delay = 0.0
        """Seconds until it describes its model."""
        self.released = threading.Event()
        self.released.set()
        """While it is cleared, requests for the description of the model block."""
        self.requests: list[dict[str, Any]] = []
        self.params: dict[str, Any] | None = None
        """Of the last request."""
        super().__init__(("127.0.0.1", port), _Handler)
        # `stop` waits for the next look whether to stop
        threading.Thread(target=self.serve_forever, args=[0.01], daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def stop(self) -> None:
        self.released.set()
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: StubModelServer

    def do_GET(self) -> None:
        time.sleep(self.server.delay)
        self.server.released.wait()
        model = self.server.model
        if model is None:
            self._reply(
                503, {"detail": "No version of diabetes-progression has the alias champion"}
            )
        else:
            self._reply(200, model)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        split = body.get("dataframe_split")
        self.server.requests.append(split or body)
        self.server.params = body.get("params")
        if self.server.refusal:
            self._reply(400, {"detail": self.server.refusal})
            return
        body = self.server.body
        if body is not None and self.path.endswith("?probabilities=true"):
            self._reply(200, body)
            return
        if body is not None:
            self._reply(200, {"predictions": body["predictions"]})
            return
        if self.server.answer is not None:
            self._reply(200, {"predictions": [self.server.answer] * len(split["data"])})
            return
        numbers = ([cell for cell in row if isinstance(cell, int | float)] for row in split["data"])
        self._reply(200, {"predictions": [float(sum(row)) for row in numbers]})

    def _reply(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        if self.server.model:
            self.send_header("X-Model-Version", self.server.model["version"])
        if status == 503:
            self.send_header("Retry-After", "5")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    print(StubModelServer(int(sys.argv[1])).url, flush=True)
    while True:
        time.sleep(60)
