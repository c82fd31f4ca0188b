# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Train, compare, promote, predict
#
# The path of a model through the platform: train several candidates, log each as an MLflow
# run, compare them, register the best, give it the alias, wait until the model server answers with
# it, predict.
#
# All it needs from the platform is `.env`, which `npm run connect` writes at the root of the
# repository (`MLOPS_ENV_FILE` names another file). The model is the folder `models/<name>` of the
# stack's model, and the steps come from the package `training`: the training Job in the cluster
# uses both too.

# %%
import os
import sys
from pathlib import Path

from dotenv import load_dotenv

here = Path.cwd()
root = next(folder for folder in [here, *here.parents] if (folder / "apps" / "training").is_dir())
env_file = Path(os.environ.get("MLOPS_ENV_FILE") or root / ".env")
if not load_dotenv(env_file, override=True):
    raise FileNotFoundError(f"{env_file} is missing or empty: `npm run connect` writes it")
model_folder = root / "models" / os.environ["MODEL_NAME"]
os.environ["MODEL_FOLDER"] = str(model_folder)
sys.path[:0] = [str(model_folder), str(root / "apps" / "training" / "src")]

# %%
import matplotlib.pyplot as plt
import mlflow
import numpy as np
import pandas as pd
from candidates import candidates, train_candidate
from data import load_data
from training import (
    baseline,
    log_run,
    predict,
    promote_if_better,
    ranked,
    register_best,
    settings_from_env,
    wait_for_tracking,
    wait_until_served,
)

settings = settings_from_env()
wait_for_tracking(settings.tracking_uri, timeout=60)
objective = settings.folder.objective
print(f"MLflow at {settings.tracking_uri}, experiment {settings.experiment_name}")
print(f"the versions of {settings.model_name} are compared by {objective.metric}")

# %% [markdown]
# ## Data
#
# 442 patients, ten measurements each, and how far their diabetes had progressed a year later. One
# patient in five is kept aside for the hold-out metrics.

# %%
data = load_data()
data.train.describe().T[["min", "50%", "max"]]

# %% [markdown]
# ## Train
#
# Every candidate becomes a run with its parameters, its metrics, the data set, and the model with
# its signature, an input example and its baseline.

# %%
trained = [train_candidate(candidate, data) for candidate in candidates()]
runs = [
    log_run(
        one.model,
        data.x_train,
        data.y_train,
        name=one.candidate.name,
        metrics=one.metrics,
        params=one.candidate.params,
        dataset="diabetes",
    )
    for one in trained
]

# %% [markdown]
# ## Compare

# %%
ordered = ranked(runs, objective)
table = pd.DataFrame([run.metrics for run in ordered], index=[run.name for run in ordered])
shown = [objective.metric, "cv_rmse_std", "cv_r2", "holdout_rmse", "holdout_mae", "holdout_r2"]
table[shown].round(2)

# %%
by_name = {one.candidate.name: one for one in trained}
best = by_name[table.index[0]]

figure, (errors, scatter) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
place = np.arange(len(table))
errors.barh(
    place - 0.2, table["cv_rmse"], 0.38, xerr=table["cv_rmse_std"], label="cross-validation"
)
errors.barh(place + 0.2, table["holdout_rmse"], 0.38, label="hold-out")
errors.set(title="Error of every candidate", xlabel="RMSE, lower is better")
errors.set_yticks(place, table.index)
errors.invert_yaxis()
errors.legend(loc="lower right")

limits = [data.y_test.min(), data.y_test.max()]
scatter.scatter(data.y_test, best.model.predict(data.x_test), s=18, alpha=0.7)
scatter.plot(limits, limits, color="grey", linewidth=1)
scatter.set(
    title=f"Hold-out patients, {best.candidate.name}",
    xlabel="measured progression",
    ylabel="predicted progression",
)
plt.show()

# %% [markdown]
# ## Baseline
#
# What the model saw in training travels with it: bins of every feature, cut at its deciles, and the
# range of the predictions. The model server counts its requests into the same bins, and the Models
# dashboard shows how far they have drifted. `log_run` has logged it with each model above.

# %%
known = baseline(data.x_train, best.model.predict(data.x_train))["baseline"]
edges = {name: bins["edges"] for name, bins in known["features"].items()}
pd.DataFrame.from_dict(edges, orient="index").round(2)

# %% [markdown]
# ## Register and promote
#
# The best run becomes a version of the registered model. The alias moves only if the version beats
# the one that has it now, so running this twice promotes once.

# %%
version = register_best(runs)
print(f"{version.name} version {version.version}: {version.description}")
promotion = promote_if_better(version)

# %% [markdown]
# ## Predict through the model server
#
# The server follows the alias automatically. Once it answers with the champion, its predictions
# must equal those of the same version loaded here.

# %%
serving_url = os.environ["MODEL_SERVING_URL"]
served = wait_until_served(serving_url, promotion.champion, timeout=120)
predictions, answered_by = predict(serving_url, data.x_test)
assert answered_by == promotion.champion

local = mlflow.pyfunc.load_model(f"models:/{settings.model_name}/{promotion.champion}")
difference = np.abs(np.array(predictions) - local.predict(data.x_test)).max()
assert difference < 1e-6, f"the model server and the local model differ by {difference}"

print(f"{served['name']} version {answered_by} predicts {predictions[0]:.1f} for the first patient")
print(f"({data.y_test.iloc[0]:.0f} was measured); largest deviation: {difference:.1g}")
if page := os.environ.get("PREDICTION_APP_URL"):
    print(f"Prediction page: {page}")
