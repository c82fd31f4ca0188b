"""The data set: diabetes progression after one year, in real units, from scikit-learn."""

from dataclasses import dataclass

import pandas as pd
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

TARGET = "disease_progression"
SEED = 20221107

# scikit-learn calls the blood values s1 to s6; people who fill in a form need words.
_NAMES = {
    "bp": "blood_pressure",
    "s1": "total_cholesterol",
    "s2": "ldl",
    "s3": "hdl",
    "s4": "cholesterol_ratio",
    "s5": "log_triglycerides",
    "s6": "glucose",
    "target": TARGET,
}
# Whole numbers by nature; the rest is measured on a scale. Neither is ever missing, so MLflow's
# warning about integer columns does not apply, and servers can refuse 1.5 for sex.
_WHOLE = {"age": "int64", "sex": "int64"}


@dataclass(frozen=True)
class Data:
    x_train: pd.DataFrame
    y_train: pd.Series
    x_test: pd.DataFrame
    y_test: pd.Series

    @property
    def train(self) -> pd.DataFrame:
        """Features and target of the training rows in one table."""
        return self.x_train.assign(**{TARGET: self.y_train})


def load_data() -> Data:
    """442 patients, ten features; always the same fifth kept aside for the hold-out metrics."""
    frame = load_diabetes(as_frame=True, scaled=False).frame.rename(columns=_NAMES).astype(_WHOLE)
    train, test = train_test_split(frame, test_size=0.2, random_state=SEED)
    return Data(
        x_train=train.drop(columns=TARGET),
        y_train=train[TARGET],
        x_test=test.drop(columns=TARGET),
        y_test=test[TARGET],
    )
