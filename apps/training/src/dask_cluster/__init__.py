"""The Dask cluster of a training: the pods of its Job.

Imports neither MLflow nor the rest of `training`, which a scheduler and most tasks do not need.
"""
