import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { credentials, Server, ServerCredentials, type ServiceError, status } from "@grpc/grpc-js";
import errors from "@pulumi/pulumi/proto/errors_pb.js";
import provider from "@pulumi/pulumi/proto/provider_pb.js";
import monitorProto from "@pulumi/pulumi/proto/resource_pb.js";
import monitorService from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import service from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import details from "@pulumi/pulumi/proto/status_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";
import { checkoutRoot, workFolder } from "../../local/support/cache.ts";
import { typeErrors } from "../support/node.ts";

/*
 * The package as the engine runs it for a program in Python, Go or YAML: compiled, in the SDK's plugin host, asked over
 * gRPC to construct a component.
 */

const modules = join(checkoutRoot, "node_modules");
let folder: string;
let host: ChildProcess;
let engine: Server;
let monitorAddress: string;
let registered: string[] = [];
let client: InstanceType<typeof service.ResourceProviderClient>;

beforeAll(async () => {
  mkdirSync(workFolder, { recursive: true });
  folder = mkdtempSync(join(workFolder, "plugin-host-"));
  expect(typeErrors("-p", "components", "--outDir", join(folder, "bin"))).toBe("");
  for (const file of ["package.json", "PulumiPlugin.yaml"]) {
    cpSync(join(checkoutRoot, "components", file), join(folder, file));
  }
  await startEngine();
  const entry = join(modules, "@pulumi", "pulumi", "cmd", "run-plugin", "index.js");
  host = spawn(process.execPath, [entry, folder, monitorAddress], { cwd: folder });
  const [port] = (await once(host.stdout!, "data")) as [Buffer];
  const address = `127.0.0.1:${port.toString().trim()}`;
  client = new service.ResourceProviderClient(address, credentials.createInsecure());
}, 120_000);

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
  rmSync(folder, { recursive: true });
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
