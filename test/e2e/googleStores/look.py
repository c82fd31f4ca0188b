"""Prints, as JSON, what the tracking database holds: runs, and the version that an alias is on."""

import json
import sys

import psycopg2

host, port, password = sys.argv[1:4]
connection = psycopg2.connect(
    host=host, port=port, dbname="mlflow", user="mlflow", password=password, connect_timeout=10
)
with connection.cursor() as cursor:
    cursor.execute("SELECT run_uuid FROM runs ORDER BY run_uuid")
    runs = [run for (run,) in cursor.fetchall()]
    cursor.execute("SELECT alias, version FROM registered_model_aliases ORDER BY alias")
    aliases = {alias: str(version) for alias, version in cursor.fetchall()}
print(json.dumps({"runs": runs, "aliases": aliases}))
