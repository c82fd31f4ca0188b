"""Who may do what, asked by MLflow for every request (`authorization_function` in basic_auth.ini).

MLflow's own permissions cannot say "may read everything and create nothing": without its
experimental workspaces every user may create experiments, models, gateway endpoints and queues.
So this names what each kind of user may ask for, and everything else is refused:

- `read` users: requests that change nothing;
- `write` users, who hold the role of that name: also the tracking and registry API. Which
  experiment and model they may change is then MLflow's decision, by the grants of that role;
- administrators: everything.
"""

import re
from threading import Lock

from cachetools import TTLCache, cached
from flask import Response, request
from mlflow.server.auth import (
    authenticate_request_basic_auth,
    make_forbidden_response,
    store,
)
from werkzeug.datastructures import Authorization

from tracking_server.users import WRITE_ROLE

# How long a changed role takes to be noticed; the password cache has the same delay.
ROLE_CACHE_SECONDS = 60

_READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

# Requests with a body that only ask. GraphQL has searches as its only mutations (tested).
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
# gateway, the assistant: they open connections, run code or hand out rights.
_TRACKING_API = re.compile(
    r"/v1/traces"
    r"|/(ajax-)?api/2\.0/mlflow-artifacts/.+"
    r"|/(ajax-)?api/[23]\.0/mlflow/"
    r"(artifacts|datasets|experiments|logged-models|model-versions|registered-models|runs|traces)"
    r"(/.+)?"
    r"|/ajax-api/2\.0/mlflow/upload-artifact"
)


def authenticate() -> Authorization | Response:
    """The user of the request, or the response that refuses it."""
    authorization = authenticate_request_basic_auth()
    if isinstance(authorization, Response):
        return authorization
    # Asked although the password is remembered: when the database is away this raises an error that
    # becomes a 503, which clients retry where that cannot create anything twice; MLflow's own
    # look-up would make a 401 of it.
    user = store.get_user(str(authorization.username))
    if user.is_admin or only_reads(request.method, request.path):
        return authorization
    if may_write(request.path) and _is_writer(user.id):
        return authorization
    return make_forbidden_response()


def only_reads(method: str, path: str) -> bool:
    """Whether a request changes nothing, so that every user may send it."""
    return method in _READING_METHODS or (
        method == "POST" and _SEARCHES.fullmatch(path) is not None
    )


def may_write(path: str) -> bool:
    """Whether `write` users may send changes there, as far as MLflow's own grants let them."""
    return _TRACKING_API.fullmatch(path) is not None


@cached(TTLCache(maxsize=1000, ttl=ROLE_CACHE_SECONDS), lock=Lock())
def _is_writer(user_id: int) -> bool:
    return any(role.name == WRITE_ROLE for role in store.list_user_roles(user_id))
