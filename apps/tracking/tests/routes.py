"""Prints every route of MLflow's server with authentication, as JSON: [[method, path], ...]."""

import json
import os
import sys
import tempfile
from pathlib import Path

folder = Path(tempfile.mkdtemp())
ini = folder / "basic_auth.ini"
ini.write_text(f"[mlflow]\ndefault_permission = READ\ndatabase_uri = sqlite:///{folder}/auth.db\n")
os.environ.update(
    MLFLOW_AUTH_CONFIG_PATH=str(ini),
    MLFLOW_AUTH_ADMIN_USERNAME="admin",
    MLFLOW_AUTH_ADMIN_PASSWORD="admin-password-1",
    MLFLOW_FLASK_SERVER_SECRET_KEY="0123456789abcdef",
    MLFLOW_BACKEND_STORE_URI=f"sqlite:///{folder}/mlflow.db",
    _MLFLOW_SGI_NAME="uvicorn",
)

from mlflow.server import app as flask_app  # noqa: E402 - reads the environment
from mlflow.server.auth import create_app  # noqa: E402

fastapi_app = create_app()
routes = {
    (method, rule.rule)
    for rule in flask_app.url_map.iter_rules()
    for method in rule.methods or ()
    if method not in {"HEAD", "OPTIONS"}
}
routes |= {
    (method.upper(), path)
    for path, operations in fastapi_app.openapi()["paths"].items()
    for method in operations
}
json.dump(sorted(routes), sys.stdout)
