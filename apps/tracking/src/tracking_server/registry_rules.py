"""Who may change what in the model registry, where MLflow's own rules do not fit a shared one.

MLflow lets every editor of a model rename it, which breaks every client that loads it by name,
and lets only its creator remove an alias or a tag that every editor may set.
"""

from mlflow.protos.model_registry_pb2 import (
    DeleteModelVersionTag,
    DeleteRegisteredModelAlias,
    RenameRegisteredModel,
)
from mlflow.server import auth
from mlflow.server.handlers import get_endpoints

_mlflows_rename_rule = auth.validate_can_rename_registered_model


def _may_rename() -> bool:
    return auth.validate_can_delete_registered_model_or_prompt_cascade() and _mlflows_rename_rule()


_RULES = {
    RenameRegisteredModel: _may_rename,
    DeleteRegisteredModelAlias: auth.validate_can_set_model_or_prompt_version_alias,
    DeleteModelVersionTag: auth.validate_can_update_model_or_prompt_version,
}


def apply_registry_rules() -> None:
    """Replaces MLflow's rules for these requests, in every version of its API."""
    # MLflow uses this name to find the renames whose new name it also checks for administrators.
    auth.validate_can_rename_registered_model = _may_rename
    auth.BEFORE_REQUEST_VALIDATORS.update(
        {
            (path, method): rule
            for path, rule, methods in get_endpoints(_RULES.get)
            for method in methods
            if rule in _RULES.values()
        }
    )
