"""Metrics written with two statements.

MLflow adds an object for every metric and updates the latest value of each with its own statement:
a thousand round trips to the database for a batch of a thousand. What the tables hold is the same.
"""

from mlflow.entities import Metric
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from mlflow.utils.validation import _validate_metric
from sqlalchemy import text

_ROWS = (
    "(run_uuid, key, value, timestamp, step, is_nan) "
    "SELECT :run, * FROM unnest(CAST(:keys AS varchar[]), CAST(:values AS float8[]), "
    "CAST(:timestamps AS bigint[]), CAST(:steps AS bigint[]), CAST(:are_nan AS boolean[])) "
)
# A metric that already exists stays as it is.
_ADD = text(f"INSERT INTO metrics {_ROWS} ON CONFLICT DO NOTHING")
# The latest is that of the highest step, then time, then value; of equal ones the first.
_UPDATE_LATEST = text(
    f"INSERT INTO latest_metrics AS latest {_ROWS} ON CONFLICT (key, run_uuid) DO UPDATE "
    "SET (value, timestamp, step, is_nan) = "
    "(excluded.value, excluded.timestamp, excluded.step, excluded.is_nan) "
    "WHERE (excluded.step, excluded.timestamp, excluded.value) "
    "> (latest.step, latest.timestamp, latest.value)"
)
_Row = tuple[str, float, int, int, bool]


def write_metrics_at_once() -> None:
    """In place of what MLflow's store does for one attempt; it still repeats after a deadlock."""
    SqlAlchemyStore._log_metrics_once = _log_metrics


def _log_metrics(store: SqlAlchemyStore, run_id: str, metrics: list[Metric]) -> None:
    rows = []
    for index, metric in enumerate(metrics):
        path = "" if len(metrics) == 1 else f"metrics[{index}]"
        _validate_metric(metric.key, metric.value, metric.timestamp, metric.step, path=path)
        is_nan, value = store.sanitize_metric_value(metric.value)
        rows.append((metric.key, value, metric.timestamp, metric.step, is_nan))
    # Every transaction locks in this order, so that two of them do not wait for each other.
    rows.sort(key=lambda row: row[0])
    with store.ManagedSessionMaker(read_only=False) as session:
        store._check_run_is_active(store._get_run(run_uuid=run_id, session=session))
        if rows:
            session.execute(_ADD, _columns(run_id, rows))
            session.execute(_UPDATE_LATEST, _columns(run_id, _latest(rows)))


def _latest(rows: list[_Row]) -> list[_Row]:
    """One row for each key, as a statement may not update a row twice."""
    latest: dict[str, _Row] = {}
    for row in rows:
        known = latest.get(row[0])
        if known is None or _age(row) > _age(known):
            latest[row[0]] = row
    return list(latest.values())


def _age(row: _Row) -> tuple[int, int, float]:
    _, value, timestamp, step, _ = row
    return step, timestamp, value


def _columns(run_id: str, rows: list[_Row]) -> dict[str, object]:
    names = ("keys", "values", "timestamps", "steps", "are_nan")
    return {
        "run": run_id,
        **{name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)},
    }
