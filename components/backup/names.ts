/** Names of the CronJobs and of their pods. `npm run backup` and `npm run restore` make Jobs of them. */
export const backupName = "backup";
export const restoreName = "restore";
