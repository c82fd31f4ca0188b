"""Serves the MLflow model version that carries an alias, and follows the alias as it moves.

Trust boundary: loading a model can run code that the model brings along, with the rights of this
process. Whoever may write to the registry may therefore run code here. So this process holds no
more than a read-only MLflow login, and by default it loads only models whose file is data (see
`trust.py`). That narrows the boundary and does not remove it.
"""

__version__ = "1.0.0"
