"""Settings that cannot work are refused in one sentence before anything is touched."""

import json
from pathlib import Path

import pytest
from tracking_server.errors import StartupError
from tracking_server.settings import migration_settings

USER = {
    "username": "training",
    "password": "training-password",
    "permission": "write",
    "person": False,
}


def environment(folder: Path, users: object = (USER,), **changes: str) -> dict[str, str]:
    path = folder / "users.json"
    path.write_text(users if isinstance(users, str) else json.dumps(users))
    return {
        "MLFLOW_BACKEND_STORE_URI": "postgresql://u:p%25%40%3A%2F@host/tracking",
        "MLFLOW_AUTH_DATABASE_URI": "postgresql://u:p@host/auth",
        "MLFLOW_AUTH_ADMIN_USERNAME": "admin",
        "MLFLOW_AUTH_ADMIN_PASSWORD": "admin-password-1",
        "MLOPS_USERS_FILE": str(path),
        **changes,
    }


def test_good_settings_are_read_and_passwords_decoded(tmp_path: Path) -> None:
    settings = migration_settings(environment(tmp_path))
    assert settings.tracking_uri.password == "p%@:/"
    assert [user.username for user in settings.users] == ["training"]
    assert "training-password" not in repr(settings)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"MLFLOW_BACKEND_STORE_URI": ""}, "MLFLOW_BACKEND_STORE_URI must be set"),
        ({"MLFLOW_BACKEND_STORE_URI": "nonsense"}, "must be a URI such as postgresql://"),
        ({"MLFLOW_BACKEND_STORE_URI": "sqlite:///a.db"}, "must be a postgresql:// URI"),
        (
            {"MLFLOW_AUTH_DATABASE_URI": "postgresql://u:p@host/tracking"},
            "must name another database than MLFLOW_BACKEND_STORE_URI",
        ),
        ({"MLFLOW_AUTH_ADMIN_PASSWORD": "short"}, "must have at least 12 characters"),
        ({"MLFLOW_AUTH_ADMIN_USERNAME": "training"}, "none may be the admin's: training"),
        ({"MLOPS_USERS_FILE": "/nowhere/users.json"}, "must name a readable file"),
        ({"MLOPS_DATABASE_WAIT_SECONDS": "soon"}, "must be a positive number of seconds"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, changes: dict[str, str], message: str) -> None:
    with pytest.raises(StartupError, match=message.replace("(", r"\(")):
        migration_settings(environment(tmp_path, **changes))


@pytest.mark.parametrize(
    ("users", "message"),
    [
        ("{", "must be JSON"),
        ({}, "must hold a list of users"),
        ([{"username": "a"}], "entry 0 must have username, password, permission and person"),
        ([USER, USER], "every username must appear once"),
        ([{**USER, "permission": "admin"}], 'permission must be "read" or "write", not "admin"'),
        ([{**USER, "password": "short"}], "entry 0: password must have at least 12"),
        ([{**USER, "username": ""}], "must be non-empty text"),
        ([{**USER, "person": "yes"}], "entry 0: person must be true or false"),
        ([{**USER, "username": "admin"}], "none may be the admin's: admin"),
    ],
)
def test_a_wrong_users_file_is_refused(tmp_path: Path, users: object, message: str) -> None:
    with pytest.raises(StartupError, match=message):
        migration_settings(environment(tmp_path, users))
