"""Serves the MLflow model version that carries an alias, and follows the alias as it moves.

Trust boundary: loading a model can run code that the model brings along, with the rights of this
process. Every user who may write to the registry may therefore run code here. So this process holds
only a read-only MLflow login, and by default it loads only models whose file is data (see
`trust.py`). That narrows the boundary and does not remove it.
"""

import sys

# Dask is in the image for trainings with a cluster. Where it can be imported scikit-learn does so:
# 15 MiB and half a second for nothing.
sys.modules["dask"] = None  # type: ignore[assignment]

__version__ = "1.0.0"
