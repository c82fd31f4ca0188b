import type { Alert } from "./alertRule.ts";

/** What the backup Job pushes stays at the Pushgateway until the next backup. */
export const backups: Alert[] = [
  {
    name: "BackupTooOld",
    severity: "warning",
    expr: "max by (namespace) (time() - mlops_backup_last_success_timestamp_seconds - mlops_backup_max_age_seconds) > 0",
    for: "5m",
    summary: "There is no recent backup of MLflow",
    description:
      "The last successful backup exceeds its maximum age by {{ $value | humanizeDuration }}. If the database or the artifact store is lost, everything logged since then is lost.",
  },
  {
    name: "BackupVerificationFailed",
    severity: "critical",
    expr: "min by (namespace) (mlops_backup_verified) == 0",
    summary: "A backup of MLflow is damaged",
    description:
      "A backup does not match its manifest, or its repository is damaged. A restore would be refused; older backups are kept.",
  },
  {
    name: "BackupDestinationAlmostFull",
    severity: "warning",
    expr: "min by (namespace) (mlops_backup_destination_free_bytes / mlops_backup_destination_size_bytes) < 0.15",
    for: "5m",
    summary: "The volume with the backups is almost full",
    description:
      "{{ $value | humanizePercentage }} of the volume with the backups is free. Backups fail once it is full.",
  },
];
