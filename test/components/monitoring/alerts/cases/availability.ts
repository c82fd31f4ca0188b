import type { AlertCases, Firing, Run } from "./case.ts";

const pod = (application: string, container: string) =>
  `application="${application}",container="${container}",instance="10.0.0.7:9464",job="mlops-pods",namespace="mlops",node="n1",pod="${application}-1"`;
const mlflow = pod("mlflow", "metrics");
const database = pod("mlflow", "database-metrics");
const page = pod("prediction-app", "streamlit");
const requests = (status: string) =>
  `mlflow_http_request_total{${mlflow},method="GET",route="/",status="${status}"}`;

const mlflowUnavailable: Firing = {
  labels: { severity: "critical", application: "mlflow" },
  summary: "The tracking server does not answer",
  description:
    "No pod of MLflow has answered for a minute. Notebooks and training cannot log, and model servers keep serving their current versions.",
};
const postgresUnreachable: Firing = {
  labels: { severity: "critical", application: "postgres", namespace: "mlops" },
  summary: "The database of MLflow in mlops cannot be reached",
  description:
    "Postgres refuses connections or does not answer. Every request to MLflow fails until it is back; model servers keep serving their current versions.",
};
const modelServerUnavailable: Firing = {
  labels: { severity: "critical", application: "model-server", model: "churn" },
  summary: "The model server of churn does not answer",
  description:
    "No pod of the model server of churn has answered for a minute. It gives no predictions: the page and every other client see errors.",
};
const serverOf = (model: string) => `${pod("model-server", "model-server")},model="${model}"`;
const pageUnavailable: Firing = {
  labels: { severity: "critical", application: "prediction-app" },
  summary: "The prediction page does not answer",
  description:
    "No pod of the prediction page has answered for a minute. People cannot open it; programs that call the model servers directly are not affected.",
};

/** The same three runs for whatever must have one pod that is up. */
const mustBeUp = (metric: string, labels: string, firing: Firing): Run[] => [
  {
    when: "the only pod goes down, and comes back",
    series: {
      [`${metric}{${labels}}`]: "1x7 0x11 1x20",
      [`up{${pod("another", "metrics")}}`]: "1x60",
    },
    quiet: ["1m45s", "2m45s", "5m15s"],
    fires: { "3m": [firing], "4m45s": [firing] },
  },
  {
    when: "every pod is gone",
    series: { [`${metric}{${labels}}`]: "1x7 stale" },
    quiet: ["1m45s"],
    fires: { "3m": [firing], "30m": [firing] },
  },
  {
    when: "one of two pods is down",
    series: {
      [`${metric}{${labels}}`]: "1x60",
      [`${metric}{${labels.replace(/pod="([^"]+)-1"/, 'pod="$1-2"')}}`]: "0x60",
    },
    quiet: ["0m", "5m", "15m"],
  },
];

export const availability: AlertCases = {
  TargetDown: [
    {
      when: "a pod and a target without a pod cannot be read",
      series: {
        [`up{${mlflow}}`]: "1x3 0x40",
        'up{instance="localhost:9090",job="prometheus"}': "0x60",
      },
      quiet: ["4m45s"],
      fires: {
        "5m": [
          {
            labels: { severity: "warning", instance: "localhost:9090", job: "prometheus" },
            summary: "Prometheus cannot read localhost:9090",
            description:
              "The target localhost:9090 of the job prometheus has not answered scrapes for 5 minutes. Its panels are empty and its alerts cannot fire.",
          },
        ],
        "6m": [
          {
            labels: { severity: "warning", instance: "localhost:9090", job: "prometheus" },
            summary: "Prometheus cannot read localhost:9090",
            description:
              "The target localhost:9090 of the job prometheus has not answered scrapes for 5 minutes. Its panels are empty and its alerts cannot fire.",
          },
          {
            labels: {
              severity: "warning",
              application: "mlflow",
              container: "metrics",
              instance: "10.0.0.7:9464",
              job: "mlops-pods",
              namespace: "mlops",
              node: "n1",
              pod: "mlflow-1",
            },
            summary: "Prometheus cannot read 10.0.0.7:9464",
            description:
              "The pod mlflow-1 in mlops has not answered scrapes for 5 minutes. Its panels are empty and its alerts cannot fire.",
          },
        ],
      },
    },
    {
      when: "a pod is away for the length of a rollout",
      series: {
        [`up{${mlflow}}`]: "1x3 0x15 1x40",
        [`up{${pod("model-server", "model-server")},monitor="false"}`]: "0x60",
      },
      quiet: ["1m", "4m45s", "6m", "10m"],
    },
  ],
  MlflowUnavailable: mustBeUp("mlflow_up", mlflow, mlflowUnavailable),
  ModelServerUnavailable: [
    {
      when: "the only pod of one of three models goes down, and comes back",
      series: {
        [`model_server_up{${serverOf("churn")}}`]: "1x7 stale _x11 1x20",
        [`model_server_up{${serverOf("prices")}}`]: "1x60",
        [`model_server_up{${serverOf('a \\"b\\" ü')}}`]: "1x60",
      },
      quiet: ["1m45s", "2m45s", "6m"],
      fires: { "3m15s": [modelServerUnavailable], "4m45s": [modelServerUnavailable] },
    },
    {
      when: "one of two pods is gone, and a model that is not monitored",
      series: {
        [`model_server_up{${serverOf("churn")}}`]: "1x7 stale",
        [`model_server_up{${serverOf("churn").replace("server-1", "server-2")}}`]: "1x60",
        [`model_server_up{${serverOf("prices")}}`]: "1x60",
        [`model_server_up{${serverOf('a \\"b\\" ü')}}`]: "1x60",
        [`model_server_up{${serverOf("experiment")},monitor="false"}`]: "1x7 stale",
      },
      quiet: ["3m", "10m"],
    },
  ],
  PredictionAppUnavailable: mustBeUp("up", page, pageUnavailable),
  MlflowErrorRateHigh: [
    {
      when: "six in a hundred requests fail",
      series: { [requests("200")]: "0+94x60", [requests("500")]: "0+6x60" },
      quiet: ["4m45s"],
      fires: {
        "6m": [
          {
            labels: { severity: "warning", application: "mlflow", namespace: "mlops" },
            summary: "The tracking server in mlops fails to answer requests",
            description:
              "6% of the requests to MLflow in the last 5 minutes ended with a status of 500 or above. The usual cause is an unavailable database or artifact store.",
          },
        ],
      },
    },
    {
      when: "a few requests fail and many are refused",
      series: {
        [requests("200")]: "0+56x60",
        [requests("401")]: "0+40x60",
        [requests("503")]: "0+4x60",
      },
      quiet: ["5m", "10m", "15m"],
    },
    { when: "there are no requests", series: { [requests("200")]: "7x60" }, quiet: ["10m"] },
  ],
  PostgresUnreachable: [
    {
      when: "Postgres refuses connections, and takes them again",
      series: { [`pg_up{${database}}`]: "1x7 0x11 1x20", [`up{${database}}`]: "1x60" },
      quiet: ["1m45s", "2m15s", "5m15s"],
      fires: { "2m30s": [postgresUnreachable], "4m45s": [postgresUnreachable] },
    },
    {
      when: "Postgres hangs until the scrape runs out of time",
      series: {
        [`pg_up{${database}}`]: "1x7 stale",
        [`up{${database}}`]: "1x7 0x40",
        [`up{${mlflow}}`]: "1x60",
        [`up{${pod("another", "database-metrics")}}`]: "1x60",
      },
      quiet: ["2m15s"],
      fires: { "2m30s": [postgresUnreachable], "10m": [postgresUnreachable] },
    },
    {
      when: "it first refuses and then hangs",
      series: {
        [`pg_up{${database}}`]: "1x7 0 stale",
        [`up{${database}}`]: "1x8 0x40",
      },
      quiet: ["2m15s"],
      fires: { "2m30s": [postgresUnreachable] },
    },
    {
      when: "it refuses connections while the series of a pod that was replaced has just ended",
      series: {
        [`pg_up{${database}}`]: "1x8 _x40",
        [`pg_up{${database.replace("mlflow-1", "mlflow-2")}}`]: "_x8 0x40",
        [`up{${database}}`]: "1x60",
      },
      quiet: ["2m"],
      fires: { "3m30s": [postgresUnreachable] },
    },
    {
      when: "one of two pods cannot connect, and another container is down",
      series: {
        [`pg_up{${database}}`]: "1x60",
        [`pg_up{${database.replace("mlflow-1", "mlflow-2")}}`]: "0x60",
        [`up{${database}}`]: "1x60",
        [`up{${mlflow}}`]: "0x60",
      },
      quiet: ["0m", "5m", "15m"],
    },
  ],
  PostgresConnectionsNearLimit: [
    {
      when: "51 of 60 connections are in use",
      series: {
        [`pg_stat_database_numbackends{${database},datname="mlflow"}`]: "45x60",
        [`pg_stat_database_numbackends{${database},datname="mlflow_auth"}`]: "6x60",
        [`pg_settings_max_connections{${database},server="postgres:5432"}`]: "60x60",
      },
      quiet: ["4m45s"],
      fires: {
        "5m": [
          {
            labels: { severity: "warning", application: "postgres", namespace: "mlops" },
            summary: "The database in mlops is running out of connections",
            description:
              "85% of the connections that Postgres allows are in use. At 100% MLflow's requests wait and then fail.",
          },
        ],
      },
    },
    {
      when: "48 of 60 are",
      series: {
        [`pg_stat_database_numbackends{${database},datname="mlflow"}`]: "48x60",
        [`pg_settings_max_connections{${database},server="postgres:5432"}`]: "60x60",
      },
      quiet: ["5m", "15m"],
    },
  ],
  PredictionAppErrors: [
    {
      when: "six in a hundred runs of one model and of the overview fail, and of one that is not monitored",
      series: {
        [`prediction_app_runs_total{${page},model="churn"}`]: "0+100x60",
        [`prediction_app_run_errors_total{${page},model="churn"}`]: "0+6x60",
        [`prediction_app_runs_total{${page},model="prices"}`]: "0+100x60",
        [`prediction_app_run_errors_total{${page},model="prices"}`]: "0+1x60",
        [`prediction_app_runs_total{${page}}`]: "0+50x60",
        [`prediction_app_run_errors_total{${page}}`]: "0+3x60",
        [`prediction_app_runs_total{${page},model="experiment"}`]: "0+50x60",
        [`prediction_app_run_errors_total{${page},model="experiment"}`]: "0+30x60",
        [`model_server_up{${serverOf("experiment")},monitor="false"}`]: "1x60",
      },
      quiet: ["4m45s"],
      fires: {
        "6m": [
          {
            labels: {
              severity: "warning",
              application: "prediction-app",
              namespace: "mlops",
              model: "churn",
            },
            summary: "The prediction page of churn shows errors",
            description:
              "6% of the page's runs of churn in mlops in the last 5 minutes raised an error in the page itself.",
          },
          {
            labels: { severity: "warning", application: "prediction-app", namespace: "mlops" },
            summary: "The prediction page of all models shows errors",
            description:
              "6% of the page's runs of all models in mlops in the last 5 minutes raised an error in the page itself.",
          },
        ],
      },
    },
    {
      when: "one in twenty-five does",
      series: {
        [`prediction_app_runs_total{${page},model="churn"}`]: "0+25x60",
        [`prediction_app_run_errors_total{${page},model="churn"}`]: "0+1x60",
      },
      quiet: ["6m", "15m"],
    },
  ],
};
