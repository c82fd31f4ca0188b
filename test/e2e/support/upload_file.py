"""Logs one large file as a notebook does, and prints its run and its hash."""

import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path

from mlflow import MlflowClient

MEGABYTE = 10**6

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "weights"
    block = os.urandom(MEGABYTE)
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for number in range(int(sys.argv[1])):
            part = block[number:] + block[:number]
            file.write(part)
            digest.update(part)
    client = MlflowClient()
    run_id = client.create_run("0").info.run_id
    client.log_artifact(run_id, path)
print(json.dumps({"run": run_id, "sha256": digest.hexdigest()}))
