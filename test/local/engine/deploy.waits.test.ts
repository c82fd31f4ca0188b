import { writeFileSync } from "node:fs";
import { FakeApi, yes, plainKubeconfig } from "./fakeApi.ts";
import { Project } from "./engineRun.ts";

jest.setTimeout(120_000);

const pod = (status: object, spec: object = { containers: [] }) => ({
  metadata: { name: "the-pod", namespace: "engine-test", uid: "1" },
  spec,
  status,
});
const unscheduled = (message: string) => ({
  conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }],
});
const waiting = (message: string) => ({
  containerStatuses: [{ state: { waiting: { reason: "ImagePullBackOff", message } } }],
});
const crashed = { name: "server", state: { waiting: { reason: "CrashLoopBackOff" } } };
const noRoom = unscheduled("0/1 nodes are available: 1 Insufficient cpu.");
const hungry = { containers: [{ resources: { requests: { cpu: "6" } } }] };
const withClaim = { volumes: [{ persistentVolumeClaim: { claimName: "gone" } }] };
const node = { spec: {}, status: { allocatable: { cpu: "4" } } };

interface Case {
  /** What `up` ends with. */
  readonly says: string;
  readonly plant: (api: FakeApi) => void;
}

const cannot = "error: Deployment server cannot become ready: ";
const late = "error: Deployment server is not ready after 25 s: ";

const cases: Record<string, Case> = {
  "a quota": {
    says: `${cannot}0 of 1 pods updated; pods is forbidden: exceeded quota: small`,
    plant: (api) => {
      const message = "pods is forbidden: exceeded quota: small";
      api.status = (object) =>
        statusOf(object, { conditions: [yes("ReplicaFailure", { message })] });
    },
  },
  "an image that is not there": {
    says: `${cannot}0 of 1 pods updated; pod the-pod: ImagePullBackOff: not found`,
    plant: (api) => (api.pods = [pod(waiting("not found"))]),
  },
  "more than any node has": {
    says: "it requests 6 of cpu, and one has 4 of 4 free: 2 are missing",
    plant: (api) => (api.pods = [pod(noRoom, hungry)]),
  },
  "a claim that is gone": {
    says: "the claim gone does not exist",
    plant: (api) =>
      (api.pods = [pod(unscheduled('persistentvolumeclaim "gone" not found'), withClaim)]),
  },
  "a volume of another user": {
    says: "it may not use the volume of the claim data, which belongs to another user: initdb: error: could not change permissions of directory",
    plant: (api) => {
      const status = { ...crashed, lastState: { terminated: { exitCode: 1 } } };
      const volumes = [{ persistentVolumeClaim: { claimName: "data" } }];
      api.pods = [pod({ containerStatuses: [status] }, { volumes })];
      api.log = `starting\ninitdb: error: could not change permissions of directory "/data": Operation not permitted\n`;
    },
  },
  // these may pass, and are waited for
  "a program with a volume that crashes for another reason": {
    says: late,
    plant: (api) => {
      const volumes = [{ persistentVolumeClaim: { claimName: "data" } }];
      api.pods = [pod({ containerStatuses: [crashed] }, { volumes })];
      api.log = "permission denied for schema public\n";
    },
  },
  "a registry that is slow": {
    says: `${late}0 of 1 pods updated; pod the-pod: ImagePullBackOff: i/o timeout`,
    plant: (api) => (api.pods = [pod(waiting("i/o timeout"))]),
  },
  "a node that is being added": {
    says: late,
    plant: (api) => {
      api.pods = [pod(noRoom, hungry)];
      api.events = [{ reason: "TriggeredScaleUp" }];
    },
  },
};

const statusOf = (object: { [key: string]: any }, status: object) =>
  object["kind"] === "Job"
    ? FakeApi.prototype.status(object)
    : { observedGeneration: 1, ...status };

/** What an `up` ends with that meets the case. */
async function errorOf({ plant }: Case): Promise<string> {
  const api = new FakeApi();
  const project = new Project("workloads.ts");
  api.put("/api/v1/nodes/one", node);
  api.status = (object) => statusOf(object, {});
  plant(api);
  writeFileSync(project.kubeconfig, plainKubeconfig(await api.listen()));
  try {
    return (await project.run("up", { timeout: 25 })).stderr;
  } finally {
    api.close();
    project.remove();
  }
}

describe("a wait for", () => {
  // side by side, for each of them takes its time
  const errors = new Map<string, Promise<string>>();
  beforeAll(async () => {
    for (const [name, one] of Object.entries(cases)) errors.set(name, errorOf(one));
    await Promise.all(errors.values());
  });

  test.each(Object.entries(cases))("%s ends with what is wrong", async (name, { says }) => {
    expect(await errors.get(name)).toContain(says);
  });
});
