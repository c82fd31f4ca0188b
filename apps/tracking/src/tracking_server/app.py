"""MLflow's application with its users, every request counted.

`mlflow server --app-name mlops-platform` finds it by the entry point in tracking_server.dist-info.
"""

import gc

from starlette.types import ASGIApp


def create_app() -> ASGIApp:
    """What every worker process of the server answers with."""
    # Imported here: the process that only starts the workers looks at this module too.
    from mlflow.server import app as flask_app
    from mlflow.server import auth

    from tracking_server.artifact_locations import refuse_local_locations
    from tracking_server.authorization import remember_what_rules_ask
    from tracking_server.page import offer_account_page, open_machine_learning_view
    from tracking_server.quick_reads import answer_from_rows
    from tracking_server.quick_writes import write_metrics_at_once
    from tracking_server.refusals import explain_mlflows_refusals
    from tracking_server.registry_rules import apply_registry_rules
    from tracking_server.request_counts import CountRequests, Routes

    apply_registry_rules()
    remember_what_rules_ask()
    explain_mlflows_refusals()
    offer_account_page()
    app = auth.create_app()
    refuse_local_locations(flask_app)
    open_machine_learning_view(flask_app)
    answer_from_rows(flask_app)
    write_metrics_at_once()
    counted = CountRequests(app, Routes(flask_app.url_map))
    # What MLflow imports is 360,000 objects: without this, the garbage collector visits all of them
    # several times while it makes one large answer.
    gc.collect()
    gc.freeze()
    return counted
