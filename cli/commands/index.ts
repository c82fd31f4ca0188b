import { Option } from "commander";
import type { CommandEntry } from "../commandLine.ts";
import { engineNames } from "../engine.ts";

/** An option that may be given several times. */
const repeatable = (flags: string, help: string): Option =>
  new Option(flags, help).argParser((value: string, before: readonly string[] = []) => [
    ...before,
    value,
  ]);

const stackOption = new Option(
  "--stack <name>",
  "Stack to work on, with settings in Pulumi.NAME.yaml. Default: dev",
);

const settingsOptions = [
  stackOption,
  repeatable(
    "--config <key=value>",
    "Setting for this run, which overrides the stack's file; KEY=@FILE reads a file, KEY=@- standard input",
  ),
];

const targetOptions = [
  new Option(
    "--context <name>",
    "Context of the kubeconfig to deploy to. Default: the current one",
  ),
  new Option("--local-cluster", "Deploy to a dedicated cluster on this machine (Linux, root)"),
];

const engineOption = new Option(
  "--engine <name>",
  "Engine to deploy with. Default: pulumi, and builtin where the Pulumi CLI can neither be found nor installed",
).choices(engineNames);

const exceptOption = repeatable(
  "--except <policy>",
  "Policy that this run may violate, which is still reported; may be given several times",
);

/** Every command. What one runs is loaded late: the Pulumi SDK and the Kubernetes client take a second each. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  up: {
    summary: "Sets up what is missing, deploys the platform and predicts with each served model",
    options: [
      ...settingsOptions,
      ...targetOptions,
      engineOption,
      exceptOption,
      new Option("-y, --yes", "Do not ask before deploying to a remote cluster"),
      new Option(
        "--bundle <file>",
        "Take images, charts and npm packages from a file of `npm run bundle`, without a network",
      ),
      new Option(
        "--registry <host/path>",
        "With --bundle: push the images there, and have the cluster pull all of them from it",
      ),
      new Option(
        "--upgrade-postgres",
        "Move the data of a Postgres in the cluster to the later major version of its image",
      ),
      new Option(
        "--delete-data",
        "Delete volumes with data that the settings no longer declare, instead of stopping there",
      ),
    ],
    load: async () => (await import("./up.ts")).up,
  },
  preview: {
    summary: "Shows what `up` would change and cost; needs neither a cluster nor credentials",
    options: [...settingsOptions, ...targetOptions, engineOption, exceptOption],
    load: async () => (await import("./preview.ts")).preview,
  },
  "preview-comment": {
    summary:
      "Writes the comment of a pull request from a preview; exits with 1 if data would be lost",
    options: [
      new Option("--stack <name>", "Stack that the plan is for. Default: dev"),
      new Option("--plan <file>", "What `pulumi preview --json --show-sames` printed"),
      new Option(
        "--running <file>",
        "The same with `--config paused=false`, for the saving of a paused stack",
      ),
      new Option("--policies <file>", "What the policy pack printed"),
      repeatable(
        "--acknowledge <name>",
        "Resource whose data may be lost, `*` for all; may be given several times",
      ),
      new Option("--output <file>", "Where to write it. Default: standard output"),
    ],
    load: async () => (await import("./previewComment.ts")).previewComment,
  },
  connect: {
    summary: "Gives every endpoint a localhost URL, writes .env for notebooks, runs until Ctrl-C",
    options: [
      stackOption,
      new Option("--forward", "Forward ports even where the endpoints answer from here"),
      new Option("--once", "Write .env and end, where nothing has to be forwarded"),
    ],
    load: async () => (await import("./connect.ts")).connect,
  },
  verify: {
    summary:
      "Runs an end-to-end check on the running platform: log, register, promote, serve, predict",
    options: [stackOption],
    load: async () => (await import("./verify.ts")).verify,
  },
  doctor: {
    summary: "Names the cause of what does not work, and the command that fixes it",
    options: [...settingsOptions, ...targetOptions, new Option("--json", "Print JSON")],
    load: async () => (await import("./doctor.ts")).doctor,
  },
  outputs: {
    summary: "Prints the outputs of the stack",
    options: [
      stackOption,
      engineOption,
      new Option("--json", "Print JSON"),
      new Option("--show-secrets", "Print passwords in plaintext"),
    ],
    load: async () => (await import("./outputs.ts")).outputs,
  },
  dashboards: {
    summary: "Runs every query of every dashboard, and draws the dashboards as pictures",
    options: [
      stackOption,
      new Option("--png", "Draw each dashboard into a picture"),
      new Option("--out <folder>", "Folder of the pictures (default: dashboards)"),
      new Option("--model <name>", "Model of the dashboard Models (default: the first)"),
      new Option("--minutes <number>", "How far back to look (default: 60)"),
      new Option("--prometheus <url>", "Query this Prometheus and not the platform's"),
      new Option(
        "--json <folder>",
        "Write the dashboards' JSON for an import into Grafana, and end",
      ),
    ],
    load: async () => (await import("./dashboards.ts")).dashboards,
  },
  images: {
    summary: "Builds the images and loads them into the cluster",
    options: [
      ...settingsOptions,
      ...targetOptions,
      new Option("--push", "Push to the stack's registry instead of loading into the cluster"),
      new Option("--force", "Rebuild everything on today's base, recorded in apps/base-date"),
      new Option(
        "--model <name[@alias]>",
        "Only an image for the model's version with this alias, with the version's requirements",
      ).conflicts("force"),
      new Option(
        "--list",
        "Only print the reference of every image that the stack deploys",
      ).conflicts(["push", "force", "model"]),
      new Option("--json", "With --list: print JSON, with the resources that name each image"),
    ],
    load: async () => (await import("./images.ts")).images,
  },
  bundle: {
    summary: "Writes images, charts and npm packages of a stack into one file, for `up --bundle`",
    options: [...settingsOptions, new Option("--output <file>", "File to write")],
    load: async () => (await import("./bundle.ts")).bundle,
  },
  invite: {
    summary: "Creates an MLflow account for a colleague, and prints the .env they need",
    options: [
      stackOption,
      new Option("--role <role>", "What they may do (default: writer)").choices([
        "reader",
        "writer",
      ]),
      new Option("--output <file>", "Write the .env to a file that only you can read"),
      new Option("--reset-password", "Set a new password, which the .env holds"),
    ],
    positionals: "[name]",
    load: async () => (await import("./invite.ts")).invite,
  },
  "new:model": {
    summary: "Creates models/NAME from a working template, and adds it to the stack's models",
    options: [stackOption],
    positionals: "[name]",
    load: async () => (await import("./newModel.ts")).newModel,
  },
  "new:component": {
    summary: "Creates a component with its test and its page from a working template",
    options: [],
    positionals: "[name]",
    load: async () => (await import("./newComponent.ts")).newComponent,
  },
  down: {
    summary: "Removes the platform, and keeps or deletes its data",
    options: [
      stackOption,
      new Option(
        "--keep-data",
        "Keep the database, the artifacts and the passwords for the next `up`",
      ).conflicts(["deleteData", "cluster"]),
      new Option("--delete-data", "Delete them too"),
      new Option(
        "--cluster",
        "Delete the local cluster as well, with everything this project has put on the machine",
      ),
      new Option(
        "--keep-cache",
        "With --cluster: keep built programs and images, so that the next start is fast",
      ),
      new Option("-y, --yes", "Do not ask; without --delete-data, data is kept"),
    ],
    load: async () => (await import("./down.ts")).down,
  },
  backup: {
    summary: "Backs up both databases and every artifact now, and verifies the backup",
    options: [stackOption],
    load: async () => (await import("./backup.ts")).backup,
  },
  backups: {
    summary: "Lists the backups: id, time, size, MLflow version, verified or not",
    options: [
      stackOption,
      new Option("--verify <id>", "Read this backup back completely and compare every file"),
      new Option("--json", "Print JSON"),
    ],
    load: async () => (await import("./backups.ts")).backups,
  },
  restore: {
    summary: "Restores a backup (default: the latest), with its users and aliases",
    options: [
      stackOption,
      new Option("--replace", "Replace the data of a stack that holds any; it is backed up first"),
    ],
    positionals: "[id]",
    load: async () => (await import("./restore.ts")).restore,
  },
  copy: {
    summary:
      "Copies a stack's runs, models, users and files into another stack, ids and dates kept",
    options: [
      new Option("--from <stack>", "Stack to copy, which is left unchanged"),
      new Option("--to <stack>", "Stack that gets the data"),
      new Option(
        "--model <name[@alias|/version]>",
        "Only this version with its run, into a stack that may be in use; ids are new there",
      ).conflicts("replace"),
      new Option("--replace", "Replace the data of a stack that holds any; it is backed up first"),
    ],
    load: async () => (await import("./copy.ts")).copy,
  },
  recover: {
    summary: "Unlocks a stack after a killed run, or recovers a platform whose state was lost",
    options: [
      ...settingsOptions,
      ...targetOptions,
      new Option("-y, --yes", "Do not ask before recovering the platform"),
    ],
    load: async () => (await import("./recover.ts")).recover,
  },
  screenshots: {
    summary: "Takes the pictures of README and docs again, from the running platform",
    options: [stackOption],
    load: async () => (await import("./screenshots.ts")).screenshots,
  },
  sbom: {
    summary: "Writes the software bill of materials in CycloneDX format",
    options: [new Option("--output <folder>", "Where to write the files. Default: sbom")],
    load: async () => (await import("./sbom.ts")).sbom,
  },
  docs: {
    summary: "Updates the tables of the documentation and components/schema.json",
    options: [],
    load: async () => (await import("./docs.ts")).docs,
  },
  test: {
    summary: "Runs every test this machine can run and counts those it cannot",
    options: [new Option("--list", "List the stages")],
    positionals: "[stage...]",
    load: async () => (await import("./test.ts")).test,
  },
};
