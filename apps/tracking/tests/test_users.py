"""Accounts of a platform from before it marked its own."""

from pathlib import Path

import pytest
from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore
from mlflow.utils.workspace_utils import DEFAULT_WORKSPACE_NAME
from tracking_server.settings import User
from tracking_server.users import WRITE_ROLE, apply_users

NOTEBOOK = User("notebook", "password-of-notebook", "write", person=False)
SERVER = User("model-server-churn", "password-of-a-server", "read", person=False)


@pytest.fixture
def store(tmp_path: Path) -> SqlAlchemyStore:
    """As the platform with one model left it, and an administrator after it."""
    store = SqlAlchemyStore()
    store.init_db(f"sqlite:///{tmp_path}/users.db")
    role = store.create_role(WRITE_ROLE, DEFAULT_WORKSPACE_NAME)
    for name in ("model-server", "training", "notebook", "by-hand"):
        user = store.create_user(name, f"password-of-{name}")
        if name in ("training", "notebook"):
            store.assign_role_to_user(user.id, role.id)
    return store


def up(store: SqlAlchemyStore, *users: User) -> set[str]:
    """The accounts that are there after an `up` of a stack with these."""
    apply_users(store, "admin", "password-of-the-admin", users)
    return {user.username for user in store.list_users()}


def test_accounts_of_the_platform_with_one_model_go_and_those_made_by_hand_stay(
    store: SqlAlchemyStore,
) -> None:
    assert up(store, NOTEBOOK, SERVER) == {"admin", "notebook", "model-server-churn", "by-hand"}
    # by hand, and with the name that the platform once had for its own
    store.create_user("training", "password-of-a-person")
    assert up(store, NOTEBOOK) == {"admin", "notebook", "training", "by-hand"}
