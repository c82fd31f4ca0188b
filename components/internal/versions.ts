/**
 * The one table of versions that the components must know. The MLflow version names the migration Job and the
 * Deployment: a change of it stops every writer, migrates, and starts the new version.
 */
export const versions = {
  /** Must equal the pin in apps/tracking/requirements.txt; a test compares them. */
  mlflow: "3.17.2",
} as const;
