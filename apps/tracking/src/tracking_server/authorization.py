"""Who may do what; MLflow calls it for every request (`authorization_function` in basic_auth.ini).

MLflow's own permissions cannot say "may read everything and create nothing": without its
experimental workspaces every user may create experiments, models, gateway endpoints and queues.
So this lists which requests each kind of user may send; every other request is refused:

- `read` users: requests that change nothing;
- `write` users, who hold the role of that name: also the tracking and registry API. Which
  experiment and model they may change is then MLflow's decision, by the grants of that role;
- administrators: everything.

All users except the platform's workloads may also change their own password.
"""

import re
from collections.abc import Callable
from threading import Lock

from cachetools import TTLCache, cached
from flask import Response, g, has_request_context, request
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import (
    INVALID_PARAMETER_VALUE,
    RESOURCE_DOES_NOT_EXIST,
    ErrorCode,
)
from mlflow.server import auth
from mlflow.server.auth import (
    Requirement,
    authenticate_request_basic_auth,
    make_basic_auth_response,
    store,
)
from mlflow.server.auth.entities import User
from werkzeug.datastructures import Authorization

from tracking_server.refusals import forbidden, refused
from tracking_server.users import WORKLOAD_ROLE, WRITE_ROLE

# How long a changed role takes to apply; the password cache has the same delay.
ROLE_CACHE_SECONDS = 60

_READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

# Requests with a body that only read. The only mutations of GraphQL are searches (tested).
_SEARCHES = re.compile(
    r"/graphql"
    r"|/(ajax-)?api/2\.0/?mlflow/("
    r"(experiments|runs|logged-models)/search"
    r"|experiments/search-datasets"
    r"|registered-models/get-latest-versions"
    r"|artifacts/presigned-download-url"
    r")"
    r"|/(ajax-)?api/3\.0/mlflow/("
    r"(datasets|traces)/search"
    r"|traces/(batchGetInfos|calculate-filter-correlation|metrics)"
    r")"
)

# Tracking, registry, traces and artifacts. Not here: users, roles, webhooks, jobs, scorers, the
# gateway, the assistant: they open connections, run code or grant rights.
_TRACKING_API = re.compile(
    r"/v1/traces"
    r"|/(ajax-)?api/2\.0/mlflow-artifacts/.+"
    r"|/(ajax-)?api/[23]\.0/mlflow/"
    r"(artifacts|datasets|experiments|logged-models|model-versions|registered-models|runs|traces)"
    r"(/.+)?"
    r"|/ajax-api/2\.0/mlflow/upload-artifact"
)

_PASSWORD = re.compile(r"/(ajax-)?api/2\.0/mlflow/users/update-password")

# By run and action: the run's experiment, and what MLflow requires there. Whether the sender has it
# is looked up for each request.
_RunRequirement = tuple[tuple[str, str], list[Requirement]]
_run_requirements: TTLCache[tuple[str, str], _RunRequirement] = TTLCache(10_000, ROLE_CACHE_SECONDS)
_lock = Lock()
_MODEL_FIELDS = (b'"model_id"', b'"model_inputs"', b'"model_outputs"')
_WITHHOLD_MODELS = {
    auth.redact_get_run_model_links,
    auth.redact_search_runs_model_links,
    auth.redact_metric_history_model_ids,
}
_mlflows_run_requirement = auth._run_requirement
_account = store.get_user


def authenticate() -> Authorization | Response:
    """The user of the request, or the response that refuses it; MLflow's rules ask repeatedly."""
    if "authorized" not in g:
        g.authorized = _authenticate()
    return g.authorized


def account(name: str) -> User:
    """The account of a name; that of the request's sender was looked up to let them in."""
    sender = g.get("sender") if has_request_context() else None
    return sender if sender and sender.username == name else _account(name)


def run_requirement(run_id: str, action: str) -> _RunRequirement | None:
    """What an action on a run requires, which its experiment decides: a run never changes that."""
    key = (run_id, action)
    with _lock:
        known = _run_requirements.get(key)
    known = known or _mlflows_run_requirement(run_id, action)
    if known is None:
        return None
    with _lock:
        _run_requirements[key] = known
    experiment, requirements = known
    return experiment, list(requirements)  # its caller adds to them


def if_models_are_named(withhold: Callable[[Response], None]) -> Callable[[Response], None]:
    """MLflow parses every answer about runs to withhold the models that a user may not see."""

    def withhold_if_named(response: Response) -> None:
        if any(field in response.data for field in _MODEL_FIELDS):
            withhold(response)

    return withhold_if_named


def remember_what_rules_ask() -> None:
    """Spares MLflow's rules most of their work: the sender's account, whole runs, every answer."""
    store.get_user = account
    for route, handler in auth.AFTER_REQUEST_HANDLERS.items():
        if handler in _WITHHOLD_MODELS:
            auth.AFTER_REQUEST_HANDLERS[route] = if_models_are_named(handler)
    auth._run_requirement = run_requirement  # the one place they all come through


def _authenticate() -> Authorization | Response:
    authorization = authenticate_request_basic_auth()
    if isinstance(authorization, Response):
        return authorization
    # Asked although the password is remembered: when the database is away this raises an error that
    # becomes a 503, which clients retry where that cannot create anything twice; MLflow's own
    # look-up would make a 401 of it.
    name = str(authorization.username)
    try:
        user = _account(name)
    except MlflowException as error:
        if error.error_code != ErrorCode.Name(RESOURCE_DOES_NOT_EXIST):
            raise
        return make_basic_auth_response()  # removed while the password was remembered
    g.sender = user
    if user.is_admin or only_reads(request.method, request.path):
        return authorization
    return _refusal(name, _roles(user.id)) or authorization


def _refusal(name: str, roles: frozenset[str]) -> Response | None:
    """The refusal of a change for a user who is not an administrator and may not make it."""
    if _PASSWORD.fullmatch(request.path):
        return _refused_password(name, roles)
    if not may_write(request.path):
        return forbidden(f"{name} may not do this: it requires an administrator.")
    if WRITE_ROLE not in roles:
        return forbidden(
            f"{name} may only read: changes require the role {WRITE_ROLE}, and permissions on "
            "single experiments or models do not replace it. An administrator gives the role, in "
            "the stack's setting `people` or on MLflow's own page of users."
        )
    return None


def _refused_password(name: str, roles: frozenset[str]) -> Response | None:
    """People choose their own passwords; MLflow checks that they change no other user's."""
    if WORKLOAD_ROLE in roles:
        return forbidden(f"{name} is an account of a workload: the stack sets its password.")
    body = request.get_json(silent=True)
    if isinstance(body, dict) and body.get("username") == name and not body.get("current_password"):
        return refused(
            400,
            INVALID_PARAMETER_VALUE,
            "Give current_password as well, the one you log in with now. An administrator resets a "
            "forgotten password.",
        )
    return None


def only_reads(method: str, path: str) -> bool:
    """Whether a request changes nothing, so that every user may send it."""
    return method in _READING_METHODS or (
        method == "POST" and _SEARCHES.fullmatch(path) is not None
    )


def may_write(path: str) -> bool:
    """Whether `write` users may send changes there, as far as MLflow's own grants let them."""
    return _TRACKING_API.fullmatch(path) is not None


@cached(TTLCache(maxsize=1000, ttl=ROLE_CACHE_SECONDS), lock=Lock())
def _roles(user_id: int) -> frozenset[str]:
    return frozenset(role.name for role in store.list_user_roles(user_id))
