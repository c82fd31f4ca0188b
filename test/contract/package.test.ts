import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials, Server, ServerCredentials, type ServiceError, status } from "@grpc/grpc-js";
import errors from "@pulumi/pulumi/proto/errors_pb.js";
import provider from "@pulumi/pulumi/proto/provider_pb.js";
import monitorProto from "@pulumi/pulumi/proto/resource_pb.js";
import monitorService from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import service from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import details from "@pulumi/pulumi/proto/status_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";
import { checkoutRoot } from "../../local/support/cache.ts";
import { run } from "../../local/support/process.ts";
import { typeErrors } from "../support/node.ts";

/*
 * The package as others get it: packed, and unpacked in a project outside the checkout. A program there imports it, and
 * the SDK's plugin host, which the engine runs for programs in Python, Go or YAML, is asked to construct a component.
 */

const modules = join(checkoutRoot, "node_modules");
let project: string;
let packed: string[];
let host: ChildProcess;
let engine: Server;
let monitorAddress: string;
let registered: string[] = [];
let client: InstanceType<typeof service.ResourceProviderClient>;

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), "project-"));
  packed = await pack();
  await startEngine();
  const entry = join(modules, "@pulumi", "pulumi", "cmd", "run-plugin", "index.js");
  const installed = join(project, "node_modules", "@mlops-platform", "mlops");
  host = spawn(process.execPath, [entry, installed, monitorAddress], { cwd: installed });
  const [port] = (await once(host.stdout!, "data")) as [Buffer];
  const address = `127.0.0.1:${port.toString().trim()}`;
  client = new service.ResourceProviderClient(address, credentials.createInsecure());
}, 300_000);

/** Packs the package as a release does, and installs it; the packages it depends on are those of the checkout. */
async function pack(): Promise<string[]> {
  const components = join(checkoutRoot, "components");
  const installed = join(project, "node_modules", "@mlops-platform", "mlops");
  mkdirSync(installed, { recursive: true });
  const words = ["pack", "--json", "--silent", "--pack-destination", project];
  const [made] = JSON.parse(await run("npm", words, { cwd: components })) as [
    { filename: string; files: { path: string }[] },
  ];
  const archive = join(project, made.filename);
  await run("tar", ["-xzf", archive, "--strip-components=1", "-C", installed]);
  for (const name of ["@pulumi", "@types"]) {
    symlinkSync(join(modules, name), join(project, "node_modules", name));
  }
  return made.files.map(({ path }) => path);
}

/** The part of an engine that a component asks before it is constructed, and that counts what it registers. */
async function startEngine() {
  engine = new Server();
  engine.addService(monitorService.ResourceMonitorService, {
    supportsFeature: (_: unknown, reply: (error: null, answer: unknown) => void) =>
      reply(null, new monitorProto.SupportsFeatureResponse()),
    registerResource: (call: { request: { getName(): string } }, reply: (error: Error) => void) => {
      registered.push(call.request.getName());
      reply(new Error("nothing may be registered"));
    },
  });
  const port = await new Promise((resolve, reject) =>
    engine.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  monitorAddress = `127.0.0.1:${port as number}`;
}

afterAll(async () => {
  client?.close();
  if (host?.exitCode === null) {
    host.kill();
    await once(host, "exit");
  }
  engine?.forceShutdown();
  rmSync(project, { recursive: true });
});

beforeEach(() => {
  registered = [];
});
afterEach(() => expect(registered).toEqual([]));

/** What the engine is answered when a program asks for the component with these inputs. */
function refusal(component: string, inputs: object): Promise<ServiceError> {
  const request = new provider.ConstructRequest();
  request.setProject("test");
  request.setStack("dev");
  request.setType(`mlops:index:${component}`);
  request.setName("mine");
  request.setMonitorendpoint(monitorAddress);
  request.setInputs(struct.Struct.fromJavaScript(inputs as never));
  return new Promise((resolve, reject) =>
    client.construct(request, (error) =>
      error ? resolve(error) : reject(new Error("it was constructed")),
    ),
  );
}

function propertiesOf({ metadata }: ServiceError) {
  const [bytes] = metadata.get("grpc-status-details-bin") as Buffer[];
  const [any] = details.Status.deserializeBinary(bytes!).getDetailsList();
  return errors.InputPropertiesError.deserializeBinary(any!.getValue_asU8())
    .getErrorsList()
    .map((fault) => [fault.getPropertyPath(), fault.getReason()]);
}

test("the package holds what a user needs of it and nothing else", () => {
  const folders = new Set(packed.map((path) => path.replace(/^bin\/.*\.(js|d\.ts)$/, "bin/*")));
  expect([...folders].sort()).toEqual([
    ...["LICENSE", "PulumiPlugin.yaml", "README.md", "bin/*", "package.json", "schema.json"],
  ]);
});

test("the program in its README type-checks and plans in a project of its own", async () => {
  const [, program] = /```ts\n([\s\S]*?)```/.exec(
    readFileSync(join(project, "node_modules", "@mlops-platform", "mlops", "README.md"), "utf8"),
  )!;
  expect(program!.trim().split("\n").length).toBeLessThanOrEqual(25);
  writeFileSync(join(project, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(join(project, "index.ts"), program!);
  const options = ["--strict", "--skipLibCheck", "--target", "es2023", "--module", "nodenext"];
  expect(typeErrors(...options, "--noEmit", join(project, "index.ts"))).toBe("");

  writeFileSync(join(project, "plan.ts"), plan);
  const config = { images: "registry.example.org/mlops", tags: '{"postgres":"1","tracking":"2"}' };
  const stdout = await run(process.execPath, ["plan.ts"], {
    cwd: project,
    env: { ...process.env, PLANNED_CONFIG: JSON.stringify(config) },
  });
  const types = JSON.parse(stdout) as string[];
  expect(types).toEqual(
    expect.arrayContaining([
      "mlops:index:PostgresDatabase",
      "mlops:index:VolumeArtifactStore",
      "mlops:index:TrackingServer",
      "kubernetes:apps/v1:StatefulSet",
      "kubernetes:apps/v1:Deployment",
    ]),
  );
}, 240_000);

/** Evaluates the program next to it as a preview does. */
const plan = `
import * as pulumi from "@pulumi/pulumi";
const types: string[] = [];
pulumi.runtime.setAllConfig(
  Object.fromEntries(
    Object.entries(JSON.parse(process.env.PLANNED_CONFIG!)).map(([key, value]) => ["project:" + key, value]),
  ) as Record<string, string>,
);
await pulumi.runtime.setMocks({
  newResource: ({ type, inputs, name }) => (types.push(type), { id: name, state: { result: "drawn-by-a-mock", ...inputs } }),
  call: ({ inputs }) => inputs,
});
await import("./index.ts");
await pulumi.runtime.disconnect();
console.log(JSON.stringify(types));
`;

test("a program in any language sees every fault, each with the path of its property", async () => {
  const error = await refusal("PredictionApp", {
    namespace: "ml",
    image: "registry/predict:1",
    models: [{ name: "churn", serverUrl: "http://model-server-churn:8080" }],
    replicas: "2",
    resources: { memoryLimt: "1Gi" },
  });
  expect(error.code).toBe(status.INVALID_ARGUMENT);
  expect(propertiesOf(error)).toEqual([
    ["replicas", "replicas must be a whole number from 1 to 100"],
    ["resources.memoryLimt", "resources.memoryLimt is not an argument; did you mean memoryLimit?"],
  ]);
  expect(error.details).toBe(
    [
      'PredictionApp "mine": replicas must be a whole number from 1 to 100',
      'PredictionApp "mine": resources.memoryLimt is not an argument; did you mean memoryLimit?',
    ].join("\n"),
  );
});

test("arguments that are forgotten are named, whatever the component does with them", async () => {
  const error = await refusal("DomainCertificate", {});
  expect(propertiesOf(error)).toEqual([
    ["project", "project must be given"],
    ["domain", "domain must be given"],
    ["hostNames", "hostNames must be given"],
  ]);
});
