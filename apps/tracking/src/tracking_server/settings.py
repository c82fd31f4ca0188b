"""Reads the environment of the migration; nothing else in the package does."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from tracking_server.errors import StartupError

# MLflow refuses shorter ones; checked here before anything is changed.
MINIMUM_PASSWORD_LENGTH = 12
PERMISSIONS = ("read", "write")


@dataclass(frozen=True)
class User:
    """An account of the stack; `permission` is "read" or "write".

    The password of a workload is the stack's. A person gets it once, with the account, and may
    choose another.
    """

    username: str
    password: str = field(repr=False)
    permission: str
    person: bool


@dataclass(frozen=True)
class MigrationSettings:
    """What the migration works on."""

    tracking_uri: URL
    auth_uri: URL
    admin_username: str
    admin_password: str = field(repr=False)
    users: tuple[User, ...]
    database_wait_seconds: float
    storage_bytes: int | None


def migration_settings(environment: Mapping[str, str] = os.environ) -> MigrationSettings:
    """Checks everything first, so that a fault is found before the database is touched."""
    tracking_uri = database_uri(environment, "MLFLOW_BACKEND_STORE_URI")
    auth_uri = database_uri(environment, "MLFLOW_AUTH_DATABASE_URI")
    place = (tracking_uri.host, tracking_uri.port, tracking_uri.database)
    if place == (auth_uri.host, auth_uri.port, auth_uri.database):
        raise StartupError(
            "MLFLOW_AUTH_DATABASE_URI must name another database than MLFLOW_BACKEND_STORE_URI: "
            "the two schemas collide in one; create a second database for it"
        )
    admin_username = _required(environment, "MLFLOW_AUTH_ADMIN_USERNAME")
    admin_password = _required(environment, "MLFLOW_AUTH_ADMIN_PASSWORD")
    _check_password("MLFLOW_AUTH_ADMIN_PASSWORD", admin_password)
    return MigrationSettings(
        tracking_uri=tracking_uri,
        auth_uri=auth_uri,
        admin_username=admin_username,
        admin_password=admin_password,
        users=_users(Path(_required(environment, "MLOPS_USERS_FILE")), admin_username),
        database_wait_seconds=_seconds(environment, "MLOPS_DATABASE_WAIT_SECONDS", 900),
        storage_bytes=_quantity(environment, "MLOPS_DATABASE_STORAGE_SIZE"),
    )


def store_uri(environment: Mapping[str, str] = os.environ) -> URL:
    return database_uri(environment, "MLFLOW_BACKEND_STORE_URI")


def _users(path: Path, admin_username: str) -> tuple[User, ...]:
    try:
        entries = json.loads(path.read_text())
    except OSError as error:
        raise StartupError(
            f"MLOPS_USERS_FILE must name a readable file: {path}: {error.strerror}"
        ) from error
    except ValueError as error:
        raise StartupError(f"{path} must be JSON, a list of users: {error}") from error
    if not isinstance(entries, list):
        raise StartupError(f"{path} must hold a list of users")
    users = tuple(_user(f"{path} entry {i}", entry) for i, entry in enumerate(entries))
    names = [admin_username, *(user.username for user in users)]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise StartupError(
            f"{path}: every username must appear once, and none may be the admin's: {twice[0]}"
        )
    return users


def _user(where: str, entry: Any) -> User:  # noqa: ANN401 - any value of the file
    texts = ("username", "password", "permission")
    if not isinstance(entry, dict) or set(entry) != {*texts, "person"}:
        raise StartupError(f"{where} must have username, password, permission and person")
    if not all(isinstance(entry[name], str) and entry[name] for name in texts):
        raise StartupError(f"{where}: username, password and permission must be non-empty text")
    if not isinstance(entry["person"], bool):
        raise StartupError(f"{where}: person must be true or false")
    if entry["permission"] not in PERMISSIONS:
        raise StartupError(
            f'{where}: permission must be "read" or "write", not "{entry["permission"]}"'
        )
    _check_password(f"{where}: password", entry["password"])
    return User(**entry)


def _check_password(what: str, password: str) -> None:
    if len(password) < MINIMUM_PASSWORD_LENGTH:
        raise StartupError(f"{what} must have at least {MINIMUM_PASSWORD_LENGTH} characters")


def database_uri(environment: Mapping[str, str], name: str) -> URL:
    try:
        uri = make_url(_required(environment, name))
    except (ArgumentError, ValueError) as error:
        # The message of SQLAlchemy would repeat the URI, password included.
        raise StartupError(
            f"{name} must be a URI such as postgresql://user:password@host:5432/database "
            "with user and password URL-encoded"
        ) from error
    if uri.get_backend_name() != "postgresql":
        raise StartupError(f"{name} must be a postgresql:// URI, not {uri.get_backend_name()}://")
    return uri


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise StartupError(f"{name} must be set")
    return value


def _quantity(environment: Mapping[str, str], name: str) -> int | None:
    """A size as Kubernetes writes it, in bytes; None where it is not known."""
    if not (written := environment.get(name)):
        return None
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([kMGTPE]?)(i?)", written)
    if found is None:
        raise StartupError(f"{name} must be a size such as 8Gi, not {written}")
    number, unit, binary = found.groups()
    return int(float(number) * (1024 if binary else 1000) ** " kMGTPE".index(unit or " "))


def _seconds(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = -1
    if value <= 0:
        raise StartupError(f"{name} must be a positive number of seconds, not {text}")
    return value
