"""Makes MLflow's users equal to what the operator asked for."""

from mlflow.exceptions import MlflowException
from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore
from mlflow.utils.workspace_utils import DEFAULT_WORKSPACE_NAME

from tracking_server.progress import say
from tracking_server.settings import User

WRITE_ROLE = "write"
# Everything `write` users may change, whoever made it. Runs, logged models, traces and versions
# inherit from these; creating is always allowed to them, deleting only to who created.
_WRITE_GRANTS = {"experiment": "EDIT", "registered_model": "EDIT", "prompt": "EDIT"}


def apply_users(
    store: SqlAlchemyStore, admin_username: str, admin_password: str, users: tuple[User, ...]
) -> None:
    """Creates what is missing and changes what differs. Users made by hand are left alone."""
    role_id = _write_role(store)
    _account(store, admin_username, admin_password, is_admin=True)
    for user in users:
        user_id = _account(store, user.username, user.password, is_admin=False)
        _assign(store, user_id, role_id, wanted=user.permission == "write")


def _write_role(store: SqlAlchemyStore) -> int:
    try:
        role = store.get_role_by_name(DEFAULT_WORKSPACE_NAME, WRITE_ROLE)
    except MlflowException:
        role = store.create_role(
            WRITE_ROLE,
            DEFAULT_WORKSPACE_NAME,
            "May create and change every experiment and model. Kept by the platform.",
        )
    existing = store.list_role_permissions(role.id)
    for grant in existing:
        if _WRITE_GRANTS.get(grant.resource_type) != grant.permission or (
            grant.resource_pattern != "*"
        ):
            store.remove_role_permission(grant.id)
    present = {g.resource_type for g in store.list_role_permissions(role.id)}
    for resource_type, permission in _WRITE_GRANTS.items():
        if resource_type not in present:
            store.add_role_permission(role.id, resource_type, "*", permission)
    return role.id


def _account(store: SqlAlchemyStore, username: str, password: str, *, is_admin: bool) -> int:
    if not store.has_user(username):
        say(f"creating user {username}")
        return store.create_user(username, password, is_admin).id
    if not store.authenticate_user(username, password):
        say(f"changing the password of user {username}")
        store.update_user(username, password=password)
    user = store.get_user(username)
    if user.is_admin != is_admin:
        say(f"user {username} is {'now' if is_admin else 'no longer'} an administrator")
        store.update_user(username, is_admin=is_admin)
    return user.id


def _assign(store: SqlAlchemyStore, user_id: int, role_id: int, *, wanted: bool) -> None:
    present = any(role.id == role_id for role in store.list_user_roles(user_id))
    if wanted and not present:
        store.assign_role_to_user(user_id, role_id)
    if present and not wanted:
        store.unassign_role_from_user(user_id, role_id)
