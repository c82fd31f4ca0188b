"""Changes to the defaults of MLflow's web page."""

from pathlib import Path

from flask import Flask, Response, jsonify
from mlflow.server import auth

# What a browser remembers of its user's choices, by MLflow's names; a stored choice is kept. By
# default the page opens in the view for GenAI, which hides models and their metrics, and on
# localhost with the assistant open, which only an administrator may use.
_FIRST_CHOICES = {
    "mlflow.workflowType_v1": '"machine_learning"',
    "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": "true",
}
_CHOOSE = "".join(
    f"localStorage.getItem('{name}') ?? localStorage.setItem('{name}', '{value}');"
    for name, value in _FIRST_CHOICES.items()
)


def open_machine_learning_view(app: Flask) -> None:
    """Lets the page open in the view for models, in a browser whose user has not chosen."""
    html = Path(str(app.static_folder), "index.html").read_text()
    # before the page's own scripts, which read the choices once
    content = html.replace("<head>", f"<head><script>{_CHOOSE}</script>", 1)
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
