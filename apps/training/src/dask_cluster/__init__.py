"""The Dask cluster of a training, which is the pods of its Job, and the one that notebooks share.

Imports neither MLflow nor the rest of `training`, which a scheduler and most tasks do not need.
"""
