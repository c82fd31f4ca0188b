"""Artifact locations in MLflow's database. With the artifact proxy they name no store."""

from contextlib import closing

from psycopg2 import sql

from backup.databases import connect
from backup.progress import say

_COLUMNS = [
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("trace_tags", "value"),
]
_PROXIED = "mlflow-artifacts:"
_INDEPENDENT = [f"{_PROXIED}%", "models:%", "runs:%"]


def follow_store(database: str, store: str) -> None:
    """Rewrites locations in the old store, and reports those outside of it."""
    elsewhere: list[str] = []
    with closing(connect(database)) as session, session, session.cursor() as cursor:
        for table, column in _COLUMNS:
            names = {"table": sql.Identifier(table), "column": sql.Identifier(column)}
            only = sql.SQL("key = 'mlflow.artifactLocation'" if table == "trace_tags" else "true")
            for root in (store, f"file://{store}") if store else ():
                cursor.execute(
                    sql.SQL(
                        "UPDATE {table} SET {column} = %(to)s || substr({column}, %(cut)s) "
                        "WHERE {only} AND starts_with({column}, %(root)s)"
                    ).format(**names, only=only),
                    {"to": f"{_PROXIED}/", "cut": len(root) + 2, "root": f"{root}/"},
                )
                if cursor.rowcount:
                    say(f"rewrote {cursor.rowcount} locations of {table} that began with {root}/")
            cursor.execute(
                sql.SQL(
                    "SELECT {column} FROM {table} WHERE {only} AND {column} LIKE '%%:%%' "
                    "AND NOT {column} LIKE ANY(%s)"
                ).format(**names, only=only),
                (_INDEPENDENT,),
            )
            elsewhere += [location for (location,) in cursor.fetchall()]
    if elsewhere:
        say(
            f"{len(elsewhere)} artifact locations are outside of the artifact store, and stay as "
            f"they are: {elsewhere[0]}"
        )
