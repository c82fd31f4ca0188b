import type { AlertCases } from "./case.ts";

const pushed = 'namespace="mlops",job="backup"';
const day = 86_400;

export const backups: AlertCases = {
  BackupTooOld: [
    {
      when: "the last backup is more than a day old",
      series: {
        [`mlops_backup_last_success_timestamp_seconds{${pushed}}`]: "0x2000",
        [`mlops_backup_max_age_seconds{${pushed}}`]: `${day}x2000`,
      },
      interval: "1m",
      quiet: ["24h"],
      fires: {
        "25h": [
          {
            labels: { severity: "warning", namespace: "mlops" },
            summary: "There is no recent backup of MLflow",
            description:
              "The last successful backup exceeds its maximum age by 1h 0m 0s. If the database or the artifact store is lost, everything logged since then is lost.",
          },
        ],
      },
    },
  ],
  BackupVerificationFailed: [
    {
      when: "the second of two is damaged",
      series: { [`mlops_backup_verified{${pushed}}`]: "1x4 0x20" },
      quiet: ["1m"],
      fires: {
        "2m": [
          {
            labels: { severity: "critical", namespace: "mlops" },
            summary: "A backup of MLflow is damaged",
            description:
              "A backup does not match its manifest, or its repository is damaged. A restore would be refused; older backups are kept.",
          },
        ],
      },
    },
  ],
  BackupDestinationAlmostFull: [
    {
      when: "a tenth is left",
      series: {
        [`mlops_backup_destination_free_bytes{${pushed}}`]: "20x4 10x60",
        [`mlops_backup_destination_size_bytes{${pushed}}`]: "100x64",
      },
      quiet: ["1m", "5m"],
      fires: {
        "8m": [
          {
            labels: { severity: "warning", namespace: "mlops" },
            summary: "The volume with the backups is almost full",
            description:
              "10% of the volume with the backups is free. Backups fail once it is full.",
          },
        ],
      },
    },
  ],
};
