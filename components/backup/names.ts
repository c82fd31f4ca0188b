/** Names of the CronJobs and of their pods. `npm run backup` and `npm run restore` make Jobs of them. */
export const backupName = "backup";
export const restoreName = "restore";
/** What takes the place of `restore` where the stores are not in the cluster. `npm run copy` makes a Job of it. */
export const copyName = "copy";
