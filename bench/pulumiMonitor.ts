/*
 * What runs a Pulumi program as the CLI does, without an engine and without providers: Pulumi's own Node.js host,
 * whose requests are answered at once with the inputs of each resource as its outputs.
 */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import grpc from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engine from "@pulumi/pulumi/proto/engine_pb.js";
import provider from "@pulumi/pulumi/proto/provider_pb.js";
import { ResourceMonitorService } from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import resource from "@pulumi/pulumi/proto/resource_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";
import { answeredState } from "../test/support/recorder.ts";

const { resolve } = createRequire(import.meta.url);

export interface Registered {
  type: string;
  name: string;
  urn: string;
  /** URN of the component that it is in, or of the stack; empty for the stack. */
  parent: string;
  /** URNs of what must be registered before it: what it depends on, its provider and its parent. */
  after: string[];
  inputs: Record<string, unknown>;
}

export interface Run {
  seconds: number;
  mebibytes: number;
  resources: Registered[];
  components: Registered[];
}

export interface Program {
  folder: string;
  /** Whether Pulumi's default is on, which checks the types and compiles before it runs. */
  typescript: boolean;
  config?: Record<string, string>;
  /** Arguments of the program itself, where Pulumi would have none. */
  env?: Record<string, string>;
}

const usage = `process.on("exit", () => console.error("USAGE " + process.resourceUsage().maxRSS));`;

/** One evaluation, on the first core; this process, which answers, is to have another one. */
export async function evaluate(program: Program): Promise<Run> {
  const monitor = new Monitor();
  const address = await monitor.listen();
  const started = performance.now();
  const child = spawn(
    "taskset",
    [
      ...["-c", "0", process.execPath, "--import", `data:text/javascript,${usage}`],
      resolve("@pulumi/pulumi/cmd/run"),
      ...[
        "--monitor",
        address,
        "--engine",
        address,
        "--project",
        "mlops-platform",
        "--stack",
        "dev",
      ],
      ...["--organization", "bench", "--root-directory", program.folder, "--pwd", program.folder],
      ...["--parallel", "16", "."],
    ],
    {
      cwd: program.folder,
      env: {
        ...process.env,
        PULUMI_NODEJS_TYPESCRIPT: String(program.typescript),
        PULUMI_CONFIG: JSON.stringify(program.config ?? {}),
        ...program.env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let output = "";
  child.stdout.on("data", (text) => (output += text));
  child.stderr.on("data", (text) => (output += text));
  const code = await new Promise((done) => child.on("close", done));
  const seconds = (performance.now() - started) / 1000;
  monitor.close();
  const kibibytes = /USAGE (\d+)/.exec(output)?.[1];
  if (code !== 0 || !kibibytes || monitor.errors.length > 0) {
    throw new Error(
      `${program.folder} ended with ${String(code)}: ${output}${monitor.errors.join()}`,
    );
  }
  const { resources, components } = monitor;
  return { seconds, mebibytes: Number(kibibytes) / 1024, resources, components };
}

/** Answers a call by what is made of its request. */
const reply =
  <Request, Answer>(answer: (request: Request) => Answer): grpc.handleUnaryCall<Request, Answer> =>
  ({ request }, done) =>
    done(null, answer(request));

const nothing = reply(() => new empty.Empty());

class Monitor {
  readonly resources: Registered[] = [];
  readonly components: Registered[] = [];
  readonly errors: string[] = [];
  readonly #server = new grpc.Server();

  async listen(): Promise<string> {
    this.#server.addService(ResourceMonitorService, {
      supportsFeature: reply(() => new resource.SupportsFeatureResponse().setHassupport(true)),
      invoke: reply(() => new provider.InvokeResponse()),
      registerResource: reply((request: resource.RegisterResourceRequest) =>
        this.#register(request),
      ),
      registerResourceOutputs: nothing,
      registerResourceHook: nothing,
      registerErrorHook: nothing,
      signalAndWaitForShutdown: nothing,
    });
    this.#server.addService(EngineService, {
      getRootResource: reply(() => new engine.GetRootResourceResponse()),
      setRootResource: reply(() => new engine.SetRootResourceResponse()),
      log: reply((request: engine.LogRequest) => {
        const isError = request.getSeverity() === engine.LogSeverity.ERROR;
        if (isError) this.errors.push(request.getMessage());
        return new empty.Empty();
      }),
    });
    const port = await new Promise<number>((done, fail) =>
      this.#server.bindAsync(
        "127.0.0.1:0",
        grpc.ServerCredentials.createInsecure(),
        (error, bound) => (error ? fail(error) : done(bound)),
      ),
    );
    return `127.0.0.1:${port}`;
  }

  close(): void {
    this.#server.forceShutdown();
  }

  #register(request: resource.RegisterResourceRequest): resource.RegisterResourceResponse {
    const [type, name] = [request.getType(), request.getName()];
    const inputs = request.getObject()?.toJavaScript() ?? {};
    const answer = new resource.RegisterResourceResponse();
    const urn = `urn:pulumi:dev::mlops-platform::${type}::${name}`;
    const provider = request.getProvider().replace(/::[^:]*$/, "");
    const parent = request.getParent();
    const after = [...request.getDependenciesList(), provider, parent];
    const registered = { type, name, urn, parent, after, inputs };
    answer.setUrn(urn);
    answer.setObject(struct.Struct.fromJavaScript(answeredState(type, name, inputs)));
    if (request.getCustom()) answer.setId(`${name}-id`);
    (request.getCustom() ? this.resources : this.components).push(registered);
    return answer;
  }
}
