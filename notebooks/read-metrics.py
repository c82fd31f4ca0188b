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
# # Read the metrics of the served model
#
# How many requests the champion gets, how fast it answers, and how far its inputs have drifted from
# the training data. The notebook only reads: from the model server and, with PromQL, from
# Prometheus.
#
# `npm run connect` writes `.env` and forwards Prometheus to this machine; leave it running.

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import requests
from dotenv import load_dotenv

here = Path.cwd()
root = next(folder for folder in [here, *here.parents] if (folder / "apps" / "training").is_dir())
env_file = Path(os.environ.get("MLOPS_ENV_FILE") or root / ".env")
if not load_dotenv(env_file, override=True):
    raise FileNotFoundError(f"{env_file} is missing or empty: `npm run connect` writes it")
if "PROMETHEUS_URL" not in os.environ:
    raise RuntimeError("this stack has no Prometheus: its setting `monitoring` is false")

minutes = 60

# %% [markdown]
# ## Query Prometheus
#
# One column for every value of a label, one row for every point in time.


# %%
def query_range(expression: str, label: str, step: str = "15s") -> pd.DataFrame:
    """The values of a PromQL expression over the last `minutes`."""
    end = pd.Timestamp.now(tz="UTC")
    answer = requests.post(
        f"{os.environ['PROMETHEUS_URL']}/api/v1/query_range",
        data={
            "query": expression,
            "start": (end - pd.Timedelta(minutes=minutes)).timestamp(),
            "end": end.timestamp(),
            "step": step,
        },
        timeout=30,
    ).json()
    if answer["status"] != "success":
        raise RuntimeError(f"Prometheus rejected `{expression}`: {answer['error']}")
    columns = {
        series["metric"].get(label, "all"): pd.Series(
            {pd.Timestamp(time, unit="s"): float(value) for time, value in series["values"]}
        )
        for series in answer["data"]["result"]
    }
    return pd.DataFrame(columns).sort_index()


served = requests.get(f"{os.environ['MODEL_SERVING_URL']}/model", timeout=10).json()
champion = served["version"]
print(f"{served['name']} version {champion} has the alias {served['alias']}")
of = f'model="{served["name"]}"'

# %% [markdown]
# ## Requests and latency
#
# The server keeps the series of the versions that had the alias before, so a change of champion
# shows as one line that ends and one that begins.

# %%
rate = query_range(
    f"sum by (model_version) (rate(model_requests_total{{{of}}}[1m]))", "model_version"
)
latency = query_range(
    "histogram_quantile(0.95, "
    f"sum by (model_version, le) (rate(model_request_duration_seconds_bucket{{{of}}}[1m])))",
    "model_version",
)

figure, (requested, answered) = plt.subplots(1, 2, figsize=(11, 3.5), layout="constrained")
for axes, table, title in [
    (requested, rate, "Requests per second"),
    (answered, 1000 * latency, "95th percentile of the latency, ms"),
]:
    for version in table:
        axes.plot(table.index, table[version], label=f"version {version}")
    axes.set(title=title)
    axes.tick_params(axis="x", rotation=30)
    if not table.empty:
        axes.legend()
plt.show()

# %% [markdown]
# ## Drift
#
# The population stability index compares the values of each feature in the last hour with those of
# the training data. Below 0.1 they are alike; above 0.25 the model gets inputs that it was hardly
# trained on. `docs/explanation/drift.md` explains how the index is computed.

# %%
drift = query_range(
    f'max by (feature) (model_input_drift_psi{{{of},model_version="{champion}"}})', "feature"
)
if drift.empty:
    rows = query_range(
        f'sum by (model_version) (model_input_drift_rows{{{of},model_version="{champion}"}})',
        "model_version",
    )
    seen = 0 if rows.empty else int(rows.iloc[-1, 0])
    print(f"version {champion} has no drift yet: {seen} rows in the last hour are too few,")
    print("or it was logged without a baseline")
else:
    now = drift.ffill().iloc[-1].sort_values()
    figure, axes = plt.subplots(figsize=(8, 0.4 * len(now) + 1.2), layout="constrained")
    colours = [
        "tab:red" if psi > 0.25 else "tab:orange" if psi > 0.1 else "tab:green" for psi in now
    ]
    axes.barh(now.index, now, color=colours)
    axes.axvline(0.1, color="C1", linestyle=":", linewidth=1)
    axes.axvline(0.25, color="C3", linestyle=":", linewidth=1)
    axes.set(title=f"Input drift of version {champion}", xlabel="population stability index")
    plt.show()
    print(f"{now.index[-1]} has drifted most: {now.iloc[-1]:.3f}")
