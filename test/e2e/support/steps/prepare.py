from sklearn.datasets import load_diabetes
from training import workspace

load_diabetes(as_frame=True).frame.to_csv(workspace() / "rows.csv", index=False)
