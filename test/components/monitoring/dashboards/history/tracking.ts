import {
  around,
  constant,
  end,
  growing,
  histogram,
  made,
  type Made,
  pod,
  seconds,
  service,
} from "./series.ts";

/** What the last backup has pushed. */
const backup = {
  last_success_timestamp_seconds: end - 5 * 3600,
  verified: 1,
  duration_seconds: 48,
  size_bytes: 3.1e8,
  stored_bytes: 4.4e8,
};

export function tracking(): Made[] {
  const server = pod("mlflow", "metrics");
  const database = pod("mlflow", "database-metrics");
  const routes: [method: string, route: string, perSecond: number][] = [
    ["POST", "/api/2.0/mlflow/runs/log-batch", 2.1],
    ["GET", "/api/2.0/mlflow/registered-models/alias", 0.8],
    ["POST", "/api/2.0/mlflow/runs/search", 0.5],
    ["PUT", "/api/2.0/mlflow-artifacts/artifacts/{artifact_path:path}", 0.2],
  ];
  return [
    made("up", server, constant(1)),
    made("up", database, constant(1)),
    made("mlflow_up", server, constant(1)),
    ...routes.flatMap(([method, route, perSecond], index) => [
      made(
        "mlflow_http_request_total",
        { ...server, method, route, status: "200" },
        growing(perSecond, index),
      ),
      ...histogram(
        "mlflow_http_request_duration_seconds",
        { ...server, method, route },
        perSecond,
        seconds,
      ),
    ]),
    made(
      "mlflow_http_request_total",
      { ...server, method: "GET", route: "unmatched", status: "404" },
      growing(0.05),
    ),
    made("pg_up", database, constant(1)),
    made("pg_settings_max_connections", { ...database, server: "postgres:5432" }, constant(60)),
    ...["mlflow", "mlflow_auth"].flatMap((datname, index) => {
      const of = { ...database, datname, server: "postgres:5432" };
      return [
        made("pg_stat_database_numbackends", of, (at) => Math.round(around(9 - index * 5, 3)(at)!)),
        made("pg_stat_database_xact_commit", of, growing(12 - index * 9, index)),
        made("pg_stat_database_xact_rollback", of, growing(0.3)),
        made("pg_database_size_bytes", of, (at) => 4e7 * (2 - index) + at * 4e4),
      ];
    }),
    ...Object.entries(backup).map(([name, value]) =>
      made(`mlops_backup_${name}`, service("pushgateway"), constant(value)),
    ),
  ];
}
