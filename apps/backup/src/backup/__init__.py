"""Snapshots of MLflow: both databases and every artifact under one id."""
