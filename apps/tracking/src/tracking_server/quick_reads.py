"""Searches for runs and histories of a metric, answered from the rows of the database.

MLflow makes four objects of every row: SQLAlchemy's, its own, protobuf's, and a dictionary, which
takes most of the time of an answer. Its handlers still decide everything (who sees what, filters,
order, pages, errors), but find no metrics, params and tags. These are added to what they answer.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial, wraps

from flask import Flask, Response, g, has_app_context
from mlflow.server import handlers
from mlflow.store.entities.paged_list import PagedList
from mlflow.store.tracking.dbmodels.models import (
    SqlLatestMetric,
    SqlMetric,
    SqlParam,
    SqlRun,
    SqlTag,
)
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NAME
from mlflow.utils.search_utils import SearchUtils
from sqlalchemy import ARRAY, String, any_, literal, select
from sqlalchemy.orm import noload
from sqlalchemy.orm.interfaces import ORMOption
from sqlalchemy.orm.session import Session
from sqlalchemy.sql import Select

_Row = tuple[str | float | bool | None, ...]
_Data = dict[str, list[dict[str, object]]]
_View = Callable[[], Response]

# As many runs are looked up with one statement.
_RUNS = 500

_mlflows_options = SqlAlchemyStore._get_eager_run_query_options
_mlflows_history = SqlAlchemyStore.get_metric_history


def answer_from_rows(app: Flask) -> None:
    """Adds the rows to the answers of these two requests; the others are as MLflow makes them."""
    SqlAlchemyStore._get_eager_run_query_options = staticmethod(_loaded_with_runs)
    SqlAlchemyStore.get_metric_history = _history
    # The part of json that is written in C does not indent.
    handlers.message_to_json = partial(handlers.message_to_json, pretty=False)
    for name, complete in {
        "_search_runs": _with_data,
        "_get_metric_history": _with_points,
    }.items():
        app.view_functions[name] = _completed(app.view_functions[name], complete)


def _completed(view: _View, complete: Callable[[Response], str]) -> _View:
    """Runs before the handlers that withhold something from an answer, so they see all of it."""

    @handlers.catch_mlflow_exception
    @wraps(view)
    def answer() -> Response:
        g.rows_are_added = True
        try:
            response = view()
        finally:
            g.rows_are_added = False
        if response.status_code == 200:
            response.set_data(complete(response))
        return response

    return answer


def _rows_are_added() -> bool:
    return has_app_context() and g.get("rows_are_added", False)


def _loaded_with_runs() -> list[ORMOption]:
    """What MLflow loads with runs: here nothing, and nothing later either."""
    if not _rows_are_added():
        return _mlflows_options()
    return [noload(SqlRun.latest_metrics), noload(SqlRun.params), noload(SqlRun.tags)]


def _with_data(response: Response) -> str:
    answer = json.loads(response.get_data())
    runs = answer.get("runs", [])
    data = _data([run["info"]["run_id"] for run in runs])
    for run in runs:
        run["data"] = data[run["info"]["run_id"]]
        if not run["info"].get("run_name"):  # runs of MLflow before 1.30 have it only as a tag
            tags = {tag["key"]: tag.get("value") for tag in run["data"].get("tags", [])}
            if name := tags.get(MLFLOW_RUN_NAME):
                run["info"]["run_name"] = name
    return json.dumps(answer)


def _data(run_ids: list[str]) -> dict[str, _Data]:
    """By run, without the lists that would be empty, which protobuf leaves out."""
    data: dict[str, _Data] = defaultdict(dict)
    with handlers._get_tracking_store().ManagedSessionMaker() as session:
        for start in range(0, len(run_ids), _RUNS):
            some = literal(run_ids[start : start + _RUNS], ARRAY(String))
            for kind, (table, names, entry) in _KINDS.items():
                column = table.__table__.c
                wanted = (column[name] for name in names)
                found = select(column.run_uuid, *wanted).where(column.run_uuid == any_(some))
                for run, *row in _rows(session, found):
                    data[run].setdefault(kind, []).append(entry(*row))
    return data


def _metric(key: str, value: float, timestamp: int, step: int, is_nan: bool) -> dict[str, object]:
    number = "NaN" if is_nan else value
    return {"key": key, "value": number, "timestamp": timestamp, "step": step}


def _pair(key: str, value: str | None) -> dict[str, object]:
    return {"key": key} if value is None else {"key": key, "value": value}


_KINDS = {
    "metrics": (SqlLatestMetric, ("key", "value", "timestamp", "step", "is_nan"), _metric),
    "params": (SqlParam, ("key", "value"), _pair),
    "tags": (SqlTag, ("key", "value"), _pair),
}


def _history(
    store: SqlAlchemyStore,
    run_id: str,
    metric_key: str,
    max_results: int | None = None,
    page_token: str | None = None,
) -> PagedList:
    """MLflow's, but its rows are kept for the answer; the list itself only has the token."""
    if not _rows_are_added():
        return _mlflows_history(store, run_id, metric_key, max_results, page_token)
    offset = SearchUtils.parse_start_offset_from_page_token(page_token)
    column = SqlMetric.__table__.c
    points = (
        select(column.value, column.timestamp, column.step, column.is_nan)
        .where(column.run_uuid == run_id, column.key == metric_key)
        .order_by(column.timestamp, column.step, column.value)
        .offset(offset)
        .limit(None if max_results is None else max_results + 1)
    )
    with store.ManagedSessionMaker() as session:
        store._validate_run_accessible(session, run_id)
        rows = _rows(session, points)
    g.metric_key, g.points = metric_key, rows[:max_results]
    there_are_more = max_results is not None and len(rows) > max_results
    return PagedList(
        [], SearchUtils.create_page_token(offset + max_results) if there_are_more else None
    )


def _with_points(response: Response) -> str:
    """The answer as text: a dictionary for each of 100,000 points would take twice as long."""
    points = ", ".join(_points(json.dumps(g.metric_key), g.pop("points")))
    answer = json.dumps(json.loads(response.get_data()) | ({"metrics": []} if points else {}))
    return answer.replace('"metrics": []', f'"metrics": [{points}]')


def _points(key: str, rows: list[_Row]) -> Iterator[str]:
    for value, timestamp, step, is_nan in rows:
        number = '"NaN"' if is_nan else value
        yield f'{{"key": {key}, "value": {number}, "timestamp": {timestamp}, "step": {step}}}'


def _rows(session: Session, statement: Select) -> list[_Row]:
    """As the driver makes them: rows of SQLAlchemy take three times as long."""
    return session.connection().execute(statement).cursor.fetchall()
