import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials, Server, ServerCredentials, type ServiceError, status } from "@grpc/grpc-js";
import * as pulumi from "@pulumi/pulumi";
import errors from "@pulumi/pulumi/proto/errors_pb.js";
import provider from "@pulumi/pulumi/proto/provider_pb.js";
import monitorProto from "@pulumi/pulumi/proto/resource_pb.js";
import monitorService from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import service from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import details from "@pulumi/pulumi/proto/status_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";
import { checkoutRoot } from "../../local/support/cache.ts";
import { run } from "../../local/support/process.ts";
import { codeBlocks } from "../support/codeBlocks.ts";
import { answeredState, type JsonObject } from "../support/recorder.ts";
import { readSchema } from "../../tools/docs/schema.ts";
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
let registered: RegisterResourceRequest[] = [];
let client: InstanceType<typeof service.ResourceProviderClient>;

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), "project-"));
  packed = await pack();
  await startEngine();
  const entry = join(modules, "@pulumi", "pulumi", "cmd", "run-plugin", "index.js");
  const installed = installedPackage();
  host = spawn(process.execPath, [entry, installed, monitorAddress], { cwd: installed });
  const [port] = (await once(host.stdout!, "data")) as [Buffer];
  const address = `127.0.0.1:${port.toString().trim()}`;
  client = new service.ResourceProviderClient(address, credentials.createInsecure());
}, 300_000);

const installedPackage = () => join(project, "node_modules", "@mlops-platform", "mlops");

/** Packs the package as a release does, and installs it; the packages it depends on are those of the checkout. */
async function pack(): Promise<string[]> {
  const components = join(checkoutRoot, "components");
  const installed = installedPackage();
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

interface Call<Request> {
  readonly request: Request;
}

type Reply = (error: null, answer: unknown) => void;

interface RegisterResourceRequest {
  getName(): string;
  getType(): string;
  getObject(): { toJavaScript(): JsonObject } | undefined;
}

/** The part of an engine that a component asks before it is constructed, and that keeps what it registers. */
async function startEngine() {
  engine = new Server();
  engine.addService(monitorService.ResourceMonitorService, {
    supportsFeature: (_: unknown, reply: Reply) => {
      const answer = new monitorProto.SupportsFeatureResponse();
      answer.setHassupport(true);
      reply(null, answer);
    },
    registerResource: ({ request }: Call<RegisterResourceRequest>, reply: Reply) => {
      registered.push(request);
      const answer = new monitorProto.RegisterResourceResponse();
      answer.setUrn(`urn:pulumi:dev::test::${request.getType()}::${request.getName()}`);
      answer.setId(request.getName());
      const inputs = request.getObject()!.toJavaScript();
      const state = answeredState(request.getType(), request.getName(), inputs);
      answer.setObject(struct.Struct.fromJavaScript(state));
      reply(null, answer);
    },
    registerResourceOutputs: (_: unknown, reply: Reply) => reply(null, new empty.Empty()),
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

/** What the engine is answered when a program asks for the component with these inputs: an error, or nothing. */
function construct(component: string, inputs: object, dependent: string[]) {
  const request = new provider.ConstructRequest();
  request.setProject("test");
  request.setStack("dev");
  request.setType(`mlops:index:${component}`);
  request.setName("mine");
  request.setMonitorendpoint(monitorAddress);
  request.setInputs(struct.Struct.fromJavaScript(inputs as never));
  for (const name of dependent) {
    const resources = new provider.ConstructRequest.PropertyDependencies();
    resources.setUrnsList(["urn:pulumi:dev::test::kubernetes:core/v1:Secret::of-the-user"]);
    request.getInputdependenciesMap().set(name, resources);
  }
  return new Promise<ServiceError | null>((resolve) => client.construct(request, resolve));
}

async function refusal(component: string, inputs: object, dependent: string[] = []) {
  const error = await construct(component, inputs, dependent);
  if (error === null) throw new Error("it was constructed");
  expect(registered.map((request) => request.getName())).toEqual([]);
  return error;
}

test("the plugin answers with the schema of the package, and names a resource that is not in it", async () => {
  const { name, version } = readSchema();
  const answer = await new Promise<string>((resolve, reject) =>
    client.getSchema(new provider.GetSchemaRequest(), (error, response) =>
      error ? reject(error) : resolve(response.getSchema()),
    ),
  );
  expect(JSON.parse(answer)).toEqual(readSchema());
  const { details: said } = await refusal("TrackingServers", {});
  expect(said).toContain(
    `the package ${name} ${version} has no resource mlops:index:TrackingServers`,
  );
});

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

const images = {
  ...{ tracking: "registry.example.org/tracking:1", predict: "registry.example.org/predict:1" },
  ...{ postgres: "registry.example.org/postgres:1", backup: "registry.example.org/backup:1" },
};
const servingImage = "registry.example.org/serving:1";
const platform = ["MlopsPlatform", "TrackingServer", "ModelServer", "PredictionApp", "Prometheus"];

/** The TypeScript programs that users copy, what they are configured with, and components that each plans. */
const programs: [name: string, config: Record<string, unknown>, components: string[]][] = [
  [
    "README",
    { images: "registry.example.org/mlops", tags: { postgres: "1", tracking: "2" } },
    ["PostgresDatabase", "VolumeArtifactStore", "TrackingServer"],
  ],
  ["tracking-typescript", { images }, ["PostgresDatabase", "TrackingServer"]],
  [
    "own-database-and-bucket",
    { trackingImage: images.tracking, databasePassword: "of-the-database", googleKey: "{}" },
    ["TrackingServer"],
  ],
  ["platform-minikube", { images, servingImage }, platform],
  ["three-models", { images, servingImage, context: "kind" }, platform],
  [
    "platform-gke",
    { images, servingImage, project: "my-project-1" },
    [...platform, "GkeCluster", "CloudSqlDatabase", "BucketArtifactStore", "WorkloadIdentity"],
  ],
];

function programOf(name: string): string {
  if (name !== "README") {
    return readFileSync(join(checkoutRoot, "examples", name, "index.ts"), "utf8");
  }
  const readme = readFileSync(join(installedPackage(), "README.md"), "utf8");
  const [, program] = /```ts\n([\s\S]*?)```/.exec(readme)!;
  expect(program!.trim().split("\n").length).toBeLessThanOrEqual(25);
  return program!;
}

describe("in its own project", () => {
  beforeAll(() => {
    writeFileSync(join(project, "package.json"), JSON.stringify({ type: "module" }));
    for (const [name] of programs) {
      mkdirSync(join(project, name));
      writeFileSync(join(project, name, "index.ts"), programOf(name));
      writeFileSync(join(project, name, "plan.ts"), plan);
    }
  });

  test("they type-check, as does every block of the documentation; a block that does not is found", () => {
    const wrong =
      'import { NetworkFlows } from "@mlops-platform/mlops";\nnew NetworkFlows("n", { flow: [] });\n';
    const blocks = codeBlocks().filter(({ language }) => language === "ts");
    const files = [...blocks, { page: "wrong", line: 1, code: wrong }].map(
      ({ page, line, code }) => {
        const file = join(project, `${page.replaceAll(/[/.]/g, "-")}-line-${line}.ts`);
        // what is no part of the package is imported from the checkout
        writeFileSync(file, code.replaceAll('from "../local/', `from "${checkoutRoot}/local/`));
        return file;
      },
    );
    const options = ["--strict", "--skipLibCheck", "--target", "es2023", "--module", "nodenext"];
    options.push("--noEmit", "--allowImportingTsExtensions");
    const found = programs.map(([name]) => join(project, name, "index.ts"));
    expect(typeErrors(...options, ...found, ...files)).toMatch(
      /^\S*wrong-line-1\.ts\(2,\d+\): error TS[^\n]*\n(  [^\n]*\n)*$/,
    );
  }, 240_000);

  test.each(programs)(
    "%s plans",
    async (name, config, components) => {
      const stdout = await run(process.execPath, ["plan.ts"], {
        cwd: join(project, name),
        env: { ...process.env, PLANNED_CONFIG: JSON.stringify(config) },
      });
      const types = JSON.parse(stdout) as string[];
      expect(types).toEqual(
        expect.arrayContaining(components.map((component) => `mlops:index:${component}`)),
      );
      expect(types).toContain("kubernetes:apps/v1:Deployment");
    },
    240_000,
  );
});

/** Evaluates the program next to it as a preview does. */
const plan = `
import * as pulumi from "@pulumi/pulumi";
import { answeredState } from ${JSON.stringify(join(checkoutRoot, "test/support/recorder.ts"))};
const types: string[] = [];
pulumi.runtime.setAllConfig(
  Object.fromEntries(
    Object.entries(JSON.parse(process.env.PLANNED_CONFIG!)).map(([key, value]) => [
      "project:" + key, typeof value === "string" ? value : JSON.stringify(value),
    ]),
  ) as Record<string, string>,
);
await pulumi.runtime.setMocks({
  newResource: ({ type, inputs, name }) => (types.push(type), { id: name, state: answeredState(type, name, inputs) }),
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

/** An output as the engine passes it on, such as a list that a program in Python got from a resource. */
const output = (value?: unknown, secret = false) => ({
  [pulumi.runtime.specialSigKey]: pulumi.runtime.specialOutputValueSig,
  ...{ ...(value !== undefined && { value }), secret, dependencies: [] },
});

const objectOf = (name: string) =>
  registered
    .find((request) => request.getName() === name)
    ?.getObject()
    ?.toJavaScript();

const page = { namespace: "ml", image: "registry/predict:1" };
const churn = { name: "churn", serverUrl: "http://model-server-churn:8080" };

test.each([
  ["resources", { resources: { memoryLimt: "1Gi" } }, ["resources"]],
  ["models[0]", { models: [output({ ...churn, memoryLimt: 1 })] }, []],
])(
  "an object that depends on a resource is looked into as well: %s",
  async (_, args, dependent) => {
    const error = await refusal("PredictionApp", { ...page, models: [churn], ...args }, dependent);
    expect(propertiesOf(error)).toEqual([
      [
        expect.stringMatching(/\.memoryLimt$/),
        expect.stringContaining(".memoryLimt is not an argument"),
      ],
    ]);
  },
);

test("names that depend on a resource make the resources that they make in TypeScript", async () => {
  const flows = [
    { from: output("mlflow"), to: "postgres" },
    output({ from: "churn", to: "mlflow" }),
  ];
  expect(await construct("NetworkFlows", { namespace: "ml", flows }, [])).toBeNull();
  expect(registered.map((request) => request.getName())).toEqual(
    expect.arrayContaining(["mine-mlflow-to-postgres", "mine-churn-to-mlflow"]),
  );
});

test("what a secret object contains stays secret", async () => {
  const tolerations = [output({ key: "gpu", operator: "Exists" }, true)];
  expect(
    await construct("PredictionApp", { ...page, models: [churn], tolerations }, []),
  ).toBeNull();
  const secret = { [pulumi.runtime.specialSigKey]: pulumi.runtime.specialSecretSig };
  expect(objectOf("mine-server")).toMatchObject({
    spec: { template: { spec: { tolerations: [{ key: { ...secret, value: "gpu" } }] } } },
  });
});

test.each([
  ["must not be secret; .*mark only", output(churn, true)],
  ["must be known in the preview; use", { ...churn, name: output() }],
])("a value that decides which resources there are %s", async (rule, model) => {
  const error = await refusal("PredictionApp", { ...page, models: [model] });
  expect(propertiesOf(error)).toEqual([
    ["models[0].name", expect.stringMatching(`^models\\[0\\].name ${rule}`)],
  ]);
});

test("missing arguments are named in every component", async () => {
  const error = await refusal("DomainCertificate", {});
  expect(propertiesOf(error)).toEqual([
    ["project", "project must be given"],
    ["domain", "domain must be given"],
    ["hostNames", "hostNames must be given"],
  ]);
});
