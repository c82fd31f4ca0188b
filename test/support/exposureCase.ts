/** A platform called `ml` that is opened to the internet without a login, and everything that follows from it. */
export const openedToTheInternet = {
  value: { domain: "ml.example.com", addressName: "address", certificateMapName: "map" },
  changes: [
    'ml-prediction-services data.services.json: -      "url": "http://mlflow.mlops.svc.cluster.local:5000" -      "url": "http://prediction-app.mlops.svc.cluster.local:8501" +      "url": "https://mlflow.ml.example.com" +      "url": "https://predict.ml.example.com"',
    "+ ml-gateway",
    "+ ml-gateway-gateway",
    ...["mlflow", "prediction-app"].flatMap((service) => [
      ...["health", "policy", "route"].map((part) => `+ ml-gateway-${service}-${part}`),
      `+ ml-network-130.211.0.0-22-35.191.0.0-16-to-${service}`,
    ]),
    ...[
      ["mlflowTrackingUri", "MLFLOW_TRACKING_URI", "mlflow", "mlflow", 5000],
      ["predictionAppUrl", "PREDICTION_APP_URL", "prediction-app", "predict", 8501],
    ].flatMap(([output, variable, service, label, port]) =>
      [`${output}`, `notebookEnv.secret.${variable}`].map(
        (path) =>
          `ml outputs.${path}: http://${service}.mlops.svc.cluster.local:${port} → https://${label}.ml.example.com`,
      ),
    ),
    "ml outputs.models.diabetes.pageUrl: http://prediction-app.mlops.svc.cluster.local:8501/?model=diabetes → https://predict.ml.example.com/?model=diabetes",
    "ml-tracking-server spec.template.spec.containers[mlflow].env[MLFLOW_SERVER_ALLOWED_HOSTS].value: +mlflow.ml.example.com +mlflow.ml.example.com:*",
    "ml-tracking-server spec.template.spec.containers[mlflow].env[MLFLOW_SERVER_CORS_ALLOWED_ORIGINS].value: +http://mlflow.ml.example.com +http://mlflow.ml.example.com:* +https://mlflow.ml.example.com +https://mlflow.ml.example.com:*",
  ],
};
