"""What a data scientist does without this repository: logs a model of a library and registers it.

Prints the version and what the model itself predicts for the row that it was logged with."""

import json
import sys

import lightgbm
import mlflow
import xgboost
from sklearn.datasets import load_wine

rows, target = load_wine(return_X_y=True, as_frame=True)
example = rows.head(1)


def log(library: str, name: str, trees: int) -> tuple[str, float]:
    if library == "xgboost":
        model = xgboost.XGBRegressor(n_estimators=trees).fit(rows, target)
    else:
        data = lightgbm.Dataset(rows, target)
        model = lightgbm.train({"verbose": -1, "num_threads": 1}, data, num_boost_round=trees)
    flavor = getattr(mlflow, library)
    logged = flavor.log_model(
        model, name="model", input_example=example, registered_model_name=name
    )
    return str(logged.registered_model_version), float(model.predict(example)[0])


mlflow.set_experiment(sys.argv[2])
version, predicted = log(sys.argv[1], sys.argv[2], int(sys.argv[3]))
print(json.dumps({"version": version, "predicted": predicted}))
