import type { CommandEntry } from "../commandLine.ts";

/** Every command. They are loaded one at a time: the Pulumi SDK and the Kubernetes client take a second each. */
export const commands: Record<string, CommandEntry> = {
  up: {
    summary: "Sets up what is missing, deploys the platform and predicts with the served model",
    load: async () => (await import("./up.ts")).up,
  },
  preview: {
    summary: "Shows what `up` would change and cost; needs neither a cluster nor credentials",
    load: async () => (await import("./preview.ts")).preview,
  },
  "preview-comment": {
    summary:
      "Makes the comment of a pull request from a preview; ends with 1 if data would be lost",
    load: async () => (await import("./previewComment.ts")).previewComment,
  },
  connect: {
    summary: "Gives every endpoint a localhost URL, writes .env for notebooks, runs until Ctrl-C",
    load: async () => (await import("./connect.ts")).connect,
  },
  verify: {
    summary: "Proves on the running platform that a model goes the whole way",
    load: async () => (await import("./verify.ts")).verify,
  },
  outputs: {
    summary: "Prints the outputs of the stack",
    load: async () => (await import("./outputs.ts")).outputs,
  },
  dashboards: {
    summary: "Asks every query of every dashboard, and draws the dashboards as pictures",
    load: async () => (await import("./dashboards.ts")).dashboards,
  },
  images: {
    summary: "Builds the images and loads them into the cluster",
    load: async () => (await import("./images.ts")).images,
  },
  down: {
    summary: "Removes the platform, and keeps or deletes its data",
    load: async () => (await import("./down.ts")).down,
  },
  recover: {
    summary: "Takes a platform back whose state was lost, with its data and passwords",
    load: async () => (await import("./recover.ts")).recover,
  },
  sbom: {
    summary: "Writes what the platform is made of, in CycloneDX's format",
    load: async () => (await import("./sbom.ts")).sbom,
  },
  docs: {
    summary: "Brings the tables of the documentation and components/schema.json up to date",
    load: async () => (await import("./docs.ts")).docs,
  },
  test: {
    summary: "Runs every test this machine can run and counts those it cannot",
    load: async () => (await import("./test.ts")).test,
  },
};
