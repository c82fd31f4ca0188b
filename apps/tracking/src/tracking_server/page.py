"""What MLflow's web page shows here otherwise than by default."""

from pathlib import Path

from flask import Flask, Response, jsonify
from mlflow.server import auth

# The page opens in its GenAI view, which hides models and their metrics, until somebody has chosen.
# The choice is kept by the browser, under this name; a choice of GenAI stays.
_VIEW = "mlflow.workflowType_v1"
_OPEN_MACHINE_LEARNING = (
    f"<script>localStorage.getItem('{_VIEW}') ?? "
    f"localStorage.setItem('{_VIEW}', '\"machine_learning\"')</script>"
)


def open_machine_learning_view(app: Flask) -> None:
    """Lets the page of a browser that has not chosen a view open in the one for models."""
    html = Path(str(app.static_folder), "index.html").read_text()
    # before the page's own scripts, which read the choice once
    content = html.replace("<head>", f"<head>{_OPEN_MACHINE_LEARNING}", 1)
    headers = {"Cache-Control": "no-cache"}
    app.view_functions["serve"] = lambda: Response(content, mimetype="text/html", headers=headers)


def offer_account_page() -> None:
    """Shows "change password" and "log out", which MLflow hides if it does not authorize itself."""
    mlflows_answer = auth.get_current_user

    def get_current_user() -> Response:
        answer = mlflows_answer()
        if answer.status_code != 200:
            return answer
        return jsonify({**answer.get_json(), "is_basic_auth": True})

    auth.get_current_user = get_current_user
