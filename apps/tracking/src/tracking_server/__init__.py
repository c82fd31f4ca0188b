"""The MLflow tracking server of the platform, and the migration that runs before it."""
