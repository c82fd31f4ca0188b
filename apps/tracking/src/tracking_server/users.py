"""Brings MLflow's accounts in line with those that the stack names."""

from mlflow.exceptions import MlflowException
from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore
from mlflow.utils.workspace_utils import DEFAULT_WORKSPACE_NAME

from tracking_server.progress import say
from tracking_server.settings import User

WRITE_ROLE = "write"
WORKLOAD_ROLE = "platform-workload"
PERSON_ROLE = "platform-person"

# Every role that the platform manages. The last two grant nothing: they mark the accounts that the
# stack created, so that it removes no others.
_ROLES = {
    WRITE_ROLE: "May create and change every experiment and model. Kept by the platform.",
    WORKLOAD_ROLE: "Accounts of the platform's workloads. Kept by the platform.",
    PERSON_ROLE: "Accounts of the stack's setting `people`, removed when they leave it.",
}
# Everything `write` users may change, even if another user created it. Runs, logged models, traces
# and versions inherit from these. They may always create, and delete only what they created.
_WRITE_GRANTS = {"experiment": "EDIT", "registered_model": "EDIT", "prompt": "EDIT"}


def apply_users(
    store: SqlAlchemyStore, admin_username: str, admin_password: str, users: tuple[User, ...]
) -> None:
    """Creates, changes and removes accounts of the stack. Those made by hand are left alone."""
    earlier = _earlier_workloads(store)
    roles = {name: _role(store, name, description) for name, description in _ROLES.items()}
    for user_id in earlier:
        store.assign_role_to_user(user_id, roles[WORKLOAD_ROLE])
    _keep_grants(store, roles[WRITE_ROLE])
    _account(store, admin_username, admin_password, is_admin=True)
    for user in users:
        user_id = _account(
            store, user.username, user.password, is_admin=False, keeps_password=user.person
        )
        wanted = {PERSON_ROLE if user.person else WORKLOAD_ROLE}
        if user.permission == "write":
            wanted.add(WRITE_ROLE)
        for name, role_id in roles.items():
            _assign(store, user_id, role_id, wanted=name in wanted)
    named = {admin_username, *(user.username for user in users)}
    _remove_others(store, {roles[WORKLOAD_ROLE], roles[PERSON_ROLE]}, named)


def _earlier_workloads(store: SqlAlchemyStore) -> list[int]:
    """Accounts of a platform from before accounts were marked; it had one model."""
    known = {role.name for role in store.list_roles([DEFAULT_WORKSPACE_NAME])}
    if WRITE_ROLE not in known or WORKLOAD_ROLE in known:
        return []
    names = ("model-server", "training")
    return [store.get_user(name).id for name in names if store.has_user(name)]


def _role(store: SqlAlchemyStore, name: str, description: str) -> int:
    try:
        return store.get_role_by_name(DEFAULT_WORKSPACE_NAME, name).id
    except MlflowException:
        return store.create_role(name, DEFAULT_WORKSPACE_NAME, description).id


def _keep_grants(store: SqlAlchemyStore, role_id: int) -> None:
    for grant in store.list_role_permissions(role_id):
        if _WRITE_GRANTS.get(grant.resource_type) != grant.permission or (
            grant.resource_pattern != "*"
        ):
            store.remove_role_permission(grant.id)
    present = {g.resource_type for g in store.list_role_permissions(role_id)}
    for resource_type, permission in _WRITE_GRANTS.items():
        if resource_type not in present:
            store.add_role_permission(role_id, resource_type, "*", permission)


def _account(
    store: SqlAlchemyStore,
    username: str,
    password: str,
    *,
    is_admin: bool,
    keeps_password: bool = False,
) -> int:
    if not store.has_user(username):
        say(f"creating user {username}")
        return store.create_user(username, password, is_admin).id
    if not keeps_password and not store.authenticate_user(username, password):
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


def _remove_others(store: SqlAlchemyStore, markers: set[int], named: set[str]) -> None:
    """Removes accounts that the stack made and names no longer. What they made stays."""
    for user, roles in store.list_users_with_roles():
        if user.username not in named and markers & {role.id for role in roles}:
            say(f"removing user {user.username}")
            store.delete_user(user.username)
