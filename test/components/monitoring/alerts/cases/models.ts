import type { AlertCases } from "./case.ts";

const server =
  'application="model-server",container="model-server",instance="10.0.0.8:9464",job="mlops-pods",namespace="mlops",node="n1",pod="model-server-1"';
const ofPod = { namespace: "mlops", pod: "model-server-1" };
const requests = (version: string, status: string) =>
  `model_requests_total{${server},model_version="${version}",status="${status}"}`;
const bucket = (version: string, le: string) =>
  `model_request_duration_seconds_bucket{${server},model_version="${version}",le="${le}"}`;
const psi = (feature: string) =>
  `model_input_drift_psi{${server},model_version="3",feature="${feature}"}`;
const loadFailures = `model_load_failures_total{${server},model_version="4"}`;

const crashes = `model_load_crashes_total{${server},model_version="4",cause="crash"}`;

const loadFailed = {
  labels: { severity: "warning", namespace: "mlops", model_version: "4" },
  summary: "Version 4 of the model cannot be loaded",
  description:
    "The model server in mlops tried to take version 4 in the last 15 minutes and failed. It goes on with the version before; `GET /model` says why.",
};

export const models: AlertCases = {
  ModelNotServed: [
    {
      when: "the server is up and no version carries the alias",
      series: { [`up{${server}}`]: "1x60" },
      quiet: ["9m45s"],
      fires: {
        "10m": [
          {
            labels: {
              severity: "warning",
              ...ofPod,
              application: "model-server",
              container: "model-server",
              instance: "10.0.0.8:9464",
              job: "mlops-pods",
              node: "n1",
            },
            summary: "The model server model-server-1 serves no model",
            description:
              "The server in mlops has run for 10 minutes without a model and answers every prediction with 503: no version carries the alias, or none could be loaded.",
          },
        ],
      },
    },
    {
      when: "a model is served",
      series: {
        [`up{${server}}`]: "1x80",
        [`model_info{${server},name="diabetes",alias="champion",model_version="3",run_id="r"}`]:
          "1x80",
      },
      quiet: ["10m", "20m"],
    },
    {
      when: "the server is down, which is another alert, or another program is up",
      series: {
        [`up{${server}}`]: "0x80",
        [`up{${server.replaceAll("model-server", "mlflow")}}`]: "1x80",
      },
      quiet: ["15m"],
    },
  ],
  ModelErrorRateHigh: [
    {
      when: "version 4 fails six in a hundred requests and version 3 none",
      series: {
        [requests("3", "200")]: "0+10x60",
        [requests("4", "200")]: "0+94x60",
        [requests("4", "500")]: "0+4x60",
        [requests("4", "503")]: "0+2x60",
      },
      quiet: ["4m45s"],
      fires: {
        "6m": [
          {
            labels: { severity: "critical", namespace: "mlops", model_version: "4" },
            summary: "Version 4 of the model fails to predict",
            description:
              "6% of the prediction requests to version 4 in mlops failed in the last 5 minutes. Moving the alias back to the version before ends it at once.",
          },
        ],
      },
    },
    {
      when: "one in twenty-five fails, and half are refused for bad input",
      series: {
        [requests("4", "200")]: "0+11x60",
        [requests("4", "400")]: "0+13x60",
        [requests("4", "500")]: "0+1x60",
      },
      quiet: ["6m", "15m"],
    },
  ],
  ModelLatencyHigh: [
    {
      when: "a tenth of the predictions takes between half a second and one",
      series: {
        [bucket("3", "0.5")]: "0+90x60",
        [bucket("3", "1.0")]: "0+100x60",
        [bucket("3", "+Inf")]: "0+100x60",
      },
      quiet: ["4m45s"],
      fires: {
        "6m": [
          {
            labels: { severity: "warning", namespace: "mlops", model_version: "3" },
            summary: "Version 3 of the model answers slowly",
            description:
              "One in twenty predictions by version 3 in mlops takes longer than 750ms; half a second is the limit.",
          },
        ],
      },
    },
    {
      when: "one in fifty does",
      series: {
        [bucket("3", "0.5")]: "0+98x60",
        [bucket("3", "1.0")]: "0+100x60",
        [bucket("3", "+Inf")]: "0+100x60",
      },
      quiet: ["6m", "15m"],
    },
    {
      when: "nobody asks",
      series: { [bucket("3", "0.5")]: "5x60", [bucket("3", "+Inf")]: "9x60" },
      quiet: ["10m"],
    },
  ],
  ModelLoadFailed: [
    {
      when: "the first attempt fails, so that the counter is born at 1",
      series: { [loadFailures]: "_x8 1x120" },
      quiet: ["1m30s", "18m"],
      fires: { "2m15s": [loadFailed], "16m": [loadFailed] },
    },
    {
      when: "attempts go on failing every five minutes",
      series: { [loadFailures]: "1x19 2x19 3x19 4x19 5x19 6x19 7x19" },
      fires: { "5m": [loadFailed], "20m": [loadFailed], "34m": [loadFailed] },
    },
    {
      when: "one more attempt fails long after the first",
      series: { [loadFailures]: "1x80 2x160" },
      quiet: ["20m", "40m"],
      fires: { "22m": [loadFailed] },
    },
    {
      when: "the last failure was long ago",
      series: { [loadFailures]: "2x240" },
      quiet: ["20m", "60m"],
    },
  ],
  ModelLoadCrashed: [
    {
      when: "a version crashes the process that tries it out, once",
      series: { [crashes]: "_x4 1x300" },
      quiet: ["45s"],
      fires: {
        "2m": [
          {
            labels: {
              severity: "warning",
              namespace: "mlops",
              model_version: "4",
              cause: "crash",
            },
            summary: "Version 4 of the model would take the model server down",
            description:
              "Trying out version 4 in mlops ended in a crash within the last hour. That happened in a child process, so the version before keeps answering; `GET /model` says more.",
          },
        ],
      },
    },
    {
      when: "versions fail to load for other reasons, or the last crash is hours ago",
      series: { [loadFailures]: "0+1x300", [crashes]: "2x600" },
      quiet: ["70m", "140m"],
    },
  ],
  ModelInputDrift: [
    {
      when: "one of two features moves, seen by one of two pods",
      series: {
        [psi("bmi")]: "0.4x60",
        [psi("age")]: "0.2x60",
        [psi("bmi").replace("model-server-1", "model-server-2")]: "0.1x60",
      },
      quiet: ["9m45s"],
      fires: {
        "10m": [
          {
            labels: {
              severity: "warning",
              namespace: "mlops",
              model_version: "3",
              feature: "bmi",
            },
            summary: "The input bmi is not what the model was trained on",
            description:
              "The population stability index of bmi for version 3 in mlops is 0.40; above 0.25 the distribution is another one and predictions cannot be trusted.",
          },
        ],
      },
    },
    {
      when: "a feature moves a little, or for a moment",
      series: { [psi("bmi")]: "0.25x60", [psi("age")]: "0.1x5 0.9x30 0.1x40" },
      quiet: ["5m", "10m", "15m"],
    },
  ],
};
