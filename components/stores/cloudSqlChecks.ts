import type { CloudSqlDatabaseArgs } from "./cloudSqlDatabase.ts";
import { ensure, isWholeNumber, refuse } from "../core/checks.ts";
import { checkOneOf } from "../core/closedSets.ts";
import {
  CloudSqlAvailability,
  CloudSqlEdition,
  CloudSqlTier,
  CloudSqlVersion,
  editionFacts,
  isTierOf,
  tierFacts,
} from "./cloudSqlTiers.ts";
import { connectionsNeeded } from "../tracking/connections.ts";
import { checkedProject, checkRegion } from "../google/googleChecks.ts";
import { googleLabels } from "../google/googleLabels.ts";

/** The arguments, checked and with their defaults. Call it before anything is registered. */
export function checkedCloudSql(subject: string, name: string, args: CloudSqlDatabaseArgs) {
  const project = checkedProject(subject, args.project);
  checkRegion(subject, args.region);
  checkOneOf(subject, "edition", args.edition, CloudSqlEdition);
  checkOneOf(subject, "tier", args.tier, CloudSqlTier);
  checkOneOf(subject, "availability", args.availability, CloudSqlAvailability);
  checkOneOf(subject, "postgresVersion", args.postgresVersion, CloudSqlVersion);
  checkInstanceName(subject, name, args);
  checkTexts(subject, args);
  const edition = args.edition ?? CloudSqlEdition.Enterprise;
  const tier = args.tier ?? editionFacts[edition].tier;
  const availability = args.availability ?? CloudSqlAvailability.Zonal;
  checkTier(subject, tier, edition, availability);
  const { protectData = true, paused = false, dataCache = false } = args;
  refuse(
    subject,
    dataCache && edition !== CloudSqlEdition.EnterprisePlus,
    `dataCache needs the edition ${CloudSqlEdition.EnterprisePlus}; leave it out or change the edition`,
  );
  refuse(
    subject,
    paused && protectData,
    "paused stops backups as well, so protected data cannot be paused; set protectData to false first",
  );
  return {
    project,
    edition,
    tier,
    availability,
    protectData,
    paused,
    dataCache,
    version: args.postgresVersion ?? CloudSqlVersion.Postgres17,
    labels: googleLabels(subject, args.labels),
    flags: checkedFlags(subject, args, tier),
    ...checkedDisk(subject, args, tier),
    ...checkedBackups(subject, args, edition),
  };
}

/** Google's limit for `project:instance`. */
const mostCharacters = 98;
/** What is left for an instance in a project whose id is of the greatest length. */
export const mostInstanceCharacters = mostCharacters - ":".length - 30;

function checkInstanceName(subject: string, name: string, args: CloudSqlDatabaseArgs): void {
  const { instanceName = name, project } = args;
  const rule =
    "start with a letter, end with a letter or a digit, and have lower-case letters, digits and hyphens alone";
  const given =
    args.instanceName === undefined ? "the component's name, or instanceName," : "instanceName";
  refuse(subject, !/^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(instanceName), `${given} must ${rule}`);
  if (args.instanceName === undefined) return;
  ensure(
    subject,
    "instanceName",
    project,
    (id) => `${id}:${instanceName}`.length <= mostCharacters,
    `leave project and instanceName together at ${mostCharacters - 1} characters; shorten it`,
  );
}

/** An empty text is not one that is left out. */
function checkTexts(subject: string, { privateNetworkId, password }: CloudSqlDatabaseArgs): void {
  const isGiven = (text: string) => text !== "";
  if (privateNetworkId !== undefined) {
    const rule = "be the id of a network, or be left out";
    ensure(subject, "privateNetworkId", privateNetworkId, isGiven, rule);
  }
  if (password !== undefined) {
    const rule = "not be empty; leave it out to have one generated";
    ensure(subject, "password", password, isGiven, rule);
  }
}

function checkTier(
  subject: string,
  tier: CloudSqlTier,
  edition: CloudSqlEdition,
  availability: CloudSqlAvailability,
): void {
  const fitting = Object.values(CloudSqlTier).filter(isTierOf(edition)).join(", ");
  const { edition: needed, sharedCore } = tierFacts[tier];
  refuse(
    subject,
    needed !== edition,
    `tier ${tier} does not exist in the edition ${edition}; take one of ${fitting}, or the edition ${needed}`,
  );
  refuse(
    subject,
    sharedCore === true && availability === CloudSqlAvailability.Regional,
    `tier ${tier} shares its core, and Google promises no availability for it; take ${CloudSqlTier.Custom1} or more, or availability ${CloudSqlAvailability.Zonal}`,
  );
}

/** Flags of Postgres, sorted by name, with room for MLflow's connections. */
function checkedFlags(subject: string, args: CloudSqlDatabaseArgs, tier: CloudSqlTier) {
  const { databaseFlags = {}, maxConnections = tierFacts[tier].maxConnections } = args;
  const least = connectionsNeeded(1, 1);
  ensure(
    subject,
    "maxConnections",
    maxConnections,
    isWholeNumber(least, 10_000),
    `be a whole number from ${least}, what one MLflow pod and its successor open, to 10000`,
  );
  for (const flag of Object.keys(databaseFlags)) {
    refuse(
      subject,
      flag === "max_connections",
      "databaseFlags must not set max_connections; use maxConnections",
    );
    const wrong = !/^[a-z][a-z0-9_.]*$/.test(flag);
    refuse(
      subject,
      wrong,
      `databaseFlags must have names such as log_min_duration_statement, not "${flag}"`,
    );
  }
  const flags = { ...databaseFlags, max_connections: String(maxConnections) };
  return Object.entries(flags)
    .map(([flag, value]) => ({ name: flag, value }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

function checkedDisk(subject: string, args: CloudSqlDatabaseArgs, tier: CloudSqlTier) {
  const most = tierFacts[tier].sharedCore ? 3062 : 65_536;
  const { diskSizeGb = 10, maxDiskSizeGb = Math.min(most, Math.max(100, 2 * diskSizeGb)) } = args;
  const isSize = isWholeNumber(10, most);
  const rule = `be a whole number of gigabytes from 10 to ${most}`;
  ensure(subject, "diskSizeGb", diskSizeGb, isSize, rule);
  ensure(subject, "maxDiskSizeGb", maxDiskSizeGb, isSize, rule);
  refuse(
    subject,
    maxDiskSizeGb < diskSizeGb,
    "maxDiskSizeGb must be diskSizeGb or more; raise it or leave it out",
  );
  return { diskSizeGb, maxDiskSizeGb };
}

function checkedBackups(subject: string, args: CloudSqlDatabaseArgs, edition: CloudSqlEdition) {
  const { backupStartTime = "02:00", transactionLogRetentionDays = 7 } = args;
  const { retainedBackups = Math.max(7, transactionLogRetentionDays) } = args;
  const { mostLogDays } = editionFacts[edition];
  ensure(
    subject,
    "backupStartTime",
    backupStartTime,
    (time) => /^([01][0-9]|2[0-3]):[0-5][0-9]$/.test(time),
    "be a time of day in UTC such as 02:00",
  );
  ensure(
    subject,
    "transactionLogRetentionDays",
    transactionLogRetentionDays,
    isWholeNumber(1, mostLogDays),
    `be a whole number from 1 to ${mostLogDays}, the limit of the edition ${edition}`,
  );
  const isCount = isWholeNumber(1, 365);
  ensure(subject, "retainedBackups", retainedBackups, isCount, "be a whole number from 1 to 365");
  refuse(
    subject,
    retainedBackups < transactionLogRetentionDays,
    "retainedBackups must be transactionLogRetentionDays or more: a log is of use only after a backup; raise it",
  );
  return { backupStartTime, transactionLogRetentionDays, retainedBackups };
}
