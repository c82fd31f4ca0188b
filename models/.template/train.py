"""Trains the model. Put your own data and your own model here; the last two calls stay."""

from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from training import log_and_register, promote_if_better

# The names of the columns become the fields of the prediction page.
iris = load_iris(as_frame=True)
features = iris.data.rename(columns=lambda name: name.removesuffix(" (cm)").replace(" ", "_"))
species = iris.target.map(dict(enumerate(iris.target_names))).rename("species")
x_train, x_test, y_train, y_test = train_test_split(
    features, species, test_size=0.2, stratify=species, random_state=0
)

params = {"C": 1.0}
model = make_pipeline(StandardScaler(), LogisticRegression(**params))
accuracy = cross_val_score(model, x_train, y_train, cv=5).mean()
model.fit(x_train, y_train)

version = log_and_register(
    model,
    x_train,
    y_train,
    params=params,
    metrics={
        "cv_accuracy": accuracy,  # model.yaml names this one
        "holdout_accuracy": accuracy_score(y_test, model.predict(x_test)),
    },
)
promote_if_better(version)
