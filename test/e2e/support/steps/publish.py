"""Fails at the first try."""

import json
import sys
import tempfile
from pathlib import Path

import pandas as pd
from sklearn.tree import DecisionTreeRegressor
from training import log_run, promote_if_better, register_best, workspace

tried = Path(tempfile.gettempdir()) / "tried"
if not tried.exists():
    tried.touch()
    sys.exit("the first try fails")
rows = pd.read_csv(workspace() / "rows.csv")
best = json.loads((workspace() / "best.json").read_text())
features, target = rows.drop(columns="target"), rows.target
model = DecisionTreeRegressor(max_depth=best["max_depth"], random_state=0).fit(features, target)
run = log_run(model, features, target, metrics={"cv_r2": best["cv_r2"]})
promote_if_better(register_best([run]))
