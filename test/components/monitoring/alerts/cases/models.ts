import type { AlertCases, Firing } from "./case.ts";

const of = (model: string, pod = "1", more = "") =>
  `application="model-server",container="model-server",instance="10.0.0.8:9464",job="mlops-pods",model="${model}",namespace="mlops",node="n1",pod="model-server-${pod}"${more}`;
const server = of("churn");
const unmonitored = of("experiment", "3", ',monitor="false"');
const ofModel = { namespace: "mlops", model: "churn" };
const requests = (version: string, status: string, labels = server) =>
  `model_requests_total{${labels},model_version="${version}",status="${status}"}`;
const bucket = (version: string, le: string, labels = server) =>
  `model_request_duration_seconds_bucket{${labels},model_version="${version}",le="${le}"}`;
const psi = (feature: string, labels = server) =>
  `model_input_drift_psi{${labels},model_version="3",feature="${feature}"}`;
const drift = (labels: Record<string, string>, inputs: string): Firing => ({
  labels: { severity: "warning", model_version: "3", ...labels },
  summary: `The inputs of ${labels["model"]} differ from its training data`,
  description: `${inputs}. Their distribution differs from that of the training data, and predictions may be wrong.`,
});
const loadFailures = `model_load_failures_total{${server},model_version="4"}`;

const crashes = `model_load_crashes_total{${server},model_version="4",cause="crash"}`;

const loadFailed = {
  labels: { severity: "warning", ...ofModel, model_version: "4" },
  summary: "Version 4 of churn cannot be loaded",
  description:
    "The model server of churn in mlops failed to load version 4 in the last 15 minutes. It keeps serving the previous version; `GET /model` has the reason.",
};

export const models: AlertCases = {
  ModelNotServed: [
    {
      when: "both pods of one of two models are up, and no version carries its alias",
      series: {
        [`model_server_up{${server}}`]: "1x60",
        [`model_server_up{${of("churn", "2")}}`]: "1x60",
        [`model_server_up{${of("prices", "4")}}`]: "1x60",
        [`model_info{${of("prices", "4")},alias="champion",model_version="3",run_id="r"}`]: "1x60",
        [`model_server_up{${unmonitored}}`]: "1x60",
      },
      quiet: ["9m45s"],
      fires: {
        "10m": [
          {
            labels: { severity: "warning", ...ofModel },
            summary: "The model server of churn has no version to serve",
            description:
              "2 of its pods in mlops have run for 10 minutes without a version of churn and answer every prediction with 503: no version has the alias, or none could be loaded.",
          },
        ],
      },
    },
    {
      when: "a model is served",
      series: {
        [`model_server_up{${server}}`]: "1x80",
        [`model_info{${server},alias="champion",model_version="3",run_id="r"}`]: "1x80",
      },
      quiet: ["10m", "20m"],
    },
    {
      when: "the server is down, which is another alert, or another program is up",
      series: {
        [`up{${server.replace('model="churn",', "")}}`]: "0x80",
        [`up{${server.replace('model="churn",', "").replaceAll("model-server", "mlflow")}}`]:
          "1x80",
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
        [requests("4", "200", of("prices", "2"))]: "0+100x60",
        [requests("4", "500", unmonitored)]: "0+100x60",
      },
      quiet: ["4m45s"],
      fires: {
        "6m": [
          {
            labels: { severity: "critical", ...ofModel, model_version: "4" },
            summary: "Version 4 of churn fails to predict",
            description:
              "6% of the prediction requests to version 4 of churn in mlops failed in the last 5 minutes. To recover at once, move the alias back to the previous version.",
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
        [bucket("3", "0.5", of("prices", "2"))]: "0+100x60",
        [bucket("3", "+Inf", of("prices", "2"))]: "0+100x60",
        [bucket("3", "0.5", unmonitored)]: "0+1x60",
        [bucket("3", "+Inf", unmonitored)]: "0+100x60",
      },
      quiet: ["4m45s"],
      fires: {
        "6m": [
          {
            labels: { severity: "warning", ...ofModel, model_version: "3" },
            summary: "Version 3 of churn answers slowly",
            description:
              "One in twenty predictions by version 3 of churn in mlops takes longer than 750ms; half a second is the limit.",
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
      when: "there are no requests",
      series: { [bucket("3", "0.5")]: "5x60", [bucket("3", "+Inf")]: "9x60" },
      quiet: ["10m"],
    },
  ],
  ModelLoadFailed: [
    {
      when: "the first attempt fails, so that the counter starts at 1",
      series: {
        [loadFailures]: "_x8 1x120",
        [loadFailures.replace(server, unmonitored)]: "_x8 1x120",
      },
      quiet: ["1m30s", "18m"],
      fires: { "2m15s": [loadFailed], "16m": [loadFailed] },
    },
    {
      when: "attempts keep failing every five minutes",
      series: { [loadFailures]: "1x19 2x19 3x19 4x19 5x19 6x19 7x19" },
      fires: { "5m": [loadFailed], "20m": [loadFailed], "34m": [loadFailed] },
    },
    {
      when: "one more attempt fails long after the first",
      series: {
        [loadFailures]: "1x80 2x160",
        [loadFailures.replace(server, of("prices", "2"))]: "2x240",
      },
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
      series: {
        [crashes]: "_x4 1x300",
        [crashes.replace(server, unmonitored)]: "_x4 1x300",
      },
      quiet: ["45s"],
      fires: {
        "2m": [
          {
            labels: {
              severity: "warning",
              ...ofModel,
              model_version: "4",
              cause: "crash",
            },
            summary: "Version 4 of churn would take its server down",
            description:
              "Trying out version 4 of churn in mlops ended in a crash within the last hour. That happened in a child process, so the previous version keeps answering; `GET /model` has the details.",
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
      when: "one odd file moves nine inputs of one of three models",
      series: {
        ...Object.fromEntries(
          ["age", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"].map((feature, index) => [
            psi(feature),
            `${(0.9 - index / 20).toFixed(2)}x60`,
          ]),
        ),
        [psi("bmi", of("prices", "2"))]: "0.2x60",
        [psi("bmi", unmonitored)]: "0.9x60",
      },
      quiet: ["9m45s"],
      fires: {
        "10m": [
          drift(
            ofModel,
            "9 of the inputs of version 3 of churn in mlops have a population stability index above 0.25, most of all age (0.90), bmi (0.85), bp (0.80), s1 (0.75), s2 (0.70)",
          ),
        ],
      },
    },
    {
      when: "one of two features moves, seen by one of two pods, in a model with an odd name",
      series: {
        [psi("body mass", of('a \\"b\\" ü'))]: "0.4x60",
        [psi("age", of('a \\"b\\" ü'))]: "0.2x60",
        [psi("body mass", of('a \\"b\\" ü', "2"))]: "0.1x60",
      },
      fires: {
        "10m": [
          drift(
            { namespace: "mlops", model: 'a "b" ü' },
            '1 of the inputs of version 3 of a "b" ü in mlops have a population stability index above 0.25, most of all body mass (0.40)',
          ),
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
