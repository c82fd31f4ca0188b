import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { services } from "../../components/core/services.ts";
import { checkoutRoot } from "../../local/support/cache.ts";
import { pages } from "../../tools/docs/index.ts";
import { makePlatform, platformArgs } from "../support/fixtures.ts";
import { at, list, type PodTemplate, podTemplates } from "../support/podSecurity.ts";
import { type Json, type JsonObject, record, type Recorded } from "../support/recorder.ts";
import { isObject } from "../support/wire.ts";

/*
 * Pages that hand our images to KServe, Knative and Argo repeat what the components make. What rots first is held
 * here: addresses, ports, variables, security settings, labels and names equal those of the platform's own pods.
 */

const read = (path: string) => readFileSync(join(checkoutRoot, path), "utf8");

/** The Kubernetes objects in the pages' YAML. */
const objects = pages().flatMap((page) =>
  [...read(page).matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].flatMap(([, text]) =>
    parseAllDocuments(text!)
      .map((document) => document.toJS() as JsonObject)
      .filter(({ apiVersion }) => apiVersion !== undefined)
      .map((object) => ({ page, object })),
  ),
);

/** A container that runs a model's image, and the spec of its pod. */
interface Place {
  pod: JsonObject;
  container: JsonObject;
}

/** Every such container in an object, however deep a system keeps its pods. */
function placesIn(value: Json, pod: JsonObject = {}): Place[] {
  if (Array.isArray(value)) return value.flatMap((item) => placesIn(item, pod));
  if (!isObject(value)) return [];
  const names = list(value["env"] ?? []).map(({ name }) => name);
  if (names.includes("MODEL_NAME")) return [{ pod, container: value }];
  const around = "volumes" in value ? value : pod;
  return Object.values(value).flatMap((inner) => placesIn(inner, around));
}

const isTraining = ({ container }: Place) => container["command"] !== undefined;

const snippets = objects.flatMap(({ page, object }) =>
  placesIn(object).map((place): [string, Place] => [`${String(object["kind"])} of ${page}`, place]),
);

let resources: Recorded[];
let pods: PodTemplate[];
let places: Place[];

beforeAll(async () => {
  const model = { name: "diabetes-progression", image: "registry/serving:1" };
  const models = [{ ...model, training: { trials: 4 } }];
  ({ resources } = await record(() => makePlatform("mlops", { ...platformArgs, models })));
  pods = podTemplates(resources);
  places = pods.flatMap(({ spec }) => placesIn(spec));
});

/** Where the platform itself serves, or trains, with that image. */
const ownOf = (snippet: Place) =>
  places.find((place) => isTraining(place) === isTraining(snippet))!;

const variables = ({ container }: Place) =>
  new Map(list(container["env"]).map((variable) => [String(variable["name"]), variable]));

/** KServe reads the first itself; Kubernetes gives the second to the pods of an Indexed Job. */
const foreign = ["PROTOCOL", "JOB_COMPLETION_INDEX"];

/** All security settings of a container, whether it or its pod has them. */
function security({ pod, container }: Place): JsonObject {
  const ofPod = pod["securityContext"] as JsonObject | undefined;
  const all = { ...ofPod, ...(container["securityContext"] as JsonObject) };
  // about the files of volumes, which an emptyDir has none of at the start
  const { fsGroup: _group, fsGroupChangePolicy: _policy, ...others } = all;
  return others;
}

test("there are snippets for a server and for a training", () => {
  expect(new Set(snippets.map(([, place]) => isTraining(place)))).toEqual(new Set([true, false]));
});

describe.each(snippets)("the container in the %s", (_, snippet) => {
  test("has variables that the image reads, with the platform's values", () => {
    const own = variables(ownOf(snippet));
    const given = [...variables(snippet)].filter(([name]) => !foreign.includes(name));
    expect([...own.keys()]).toEqual(expect.arrayContaining(given.map(([name]) => name)));
    for (const [name, { value }] of given) {
      // by reference to a Secret, or a placeholder that the other system fills in
      if (value === undefined || String(value).startsWith("{{")) continue;
      expect({ name, value }).toEqual({ name, value: own.get(name)!["value"] });
    }
  });

  test("has the address of MLflow and its credentials", () => {
    const login = ["MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"];
    expect([...variables(snippet).keys()]).toEqual(expect.arrayContaining(login));
  });

  test("is as restricted as the platform's own", () => {
    expect(security(snippet)).toEqual(security(ownOf(snippet)));
  });

  test("runs, requests and mounts what the platform's own does", () => {
    const { pod, container } = ownOf(snippet);
    const { command, resources, volumeMounts } = container;
    expect(snippet.container).toMatchObject({ resources, volumeMounts });
    expect(snippet.container["command"]).toEqual(command);
    expect(snippet.pod["volumes"]).toEqual(pod["volumes"]);
  });

  test("is probed where the server answers", () => {
    if (isTraining(snippet)) return;
    const { ports, livenessProbe, readinessProbe } = snippet.container;
    const { port, healthPath } = services.serving;
    expect(list(ports).map(({ containerPort }) => containerPort)).toEqual([port]);
    expect(livenessProbe).toMatchObject({ httpGet: { path: healthPath, port } });
    expect(readinessProbe).toMatchObject({ httpGet: { port } });
    const path = String(at(readinessProbe, "httpGet", "path"));
    expect(read("apps/serving/src/model_server/open_inference.py")).toContain(`"${path}"`);
  });
});

const policies = objects
  .filter(({ object }) => object["kind"] === "NetworkPolicy" && at(object, "spec", "ingress"))
  .map(({ object }): [string, JsonObject] => [String(at(object, "metadata", "name")), object]);

test.each(policies)("the policy %s opens a port of existing pods", (_, policy) => {
  const labels = Object.entries(at(policy, "spec", "podSelector", "matchLabels") as JsonObject);
  const open = pods
    .filter((pod) => labels.every(([name, value]) => pod.labels[name] === value))
    .flatMap(({ spec }) => list(spec["containers"]))
    .flatMap(({ ports }) => list(ports ?? []).map(({ containerPort }) => containerPort));
  const opened = list(at(policy, "spec", "ingress")).flatMap(({ ports }) => list(ports));
  expect(open).toEqual(expect.arrayContaining(opened.map(({ port }) => port)));
  const namespace = resources.find(({ type }) => type === "kubernetes:core/v1:Namespace")!;
  expect(at(policy, "metadata", "namespace")).toBe(at(namespace.inputs, "metadata", "name"));
});

test("the pages name MLflow by the address that the platform's own pods use", () => {
  const own = variables(places[0]!).get("MLFLOW_TRACKING_URI")!["value"];
  const named = pages()
    .filter((page) => page.startsWith("docs/how-to/"))
    .flatMap((page) => read(page).match(/http:\/\/mlflow[\w.:-]+/g) ?? []);
  expect(new Set(named)).toEqual(new Set([own]));
});

test("the Deployment whose image the page reads is one of the platform's", () => {
  const [, name] = /get deployment (\S+)/.exec(read("docs/how-to/other-systems.md"))!;
  expect(resources.map(({ inputs }) => at(inputs, "metadata", "name"))).toContain(name);
});
