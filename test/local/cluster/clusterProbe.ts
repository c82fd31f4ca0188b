import { join } from "node:path";
import { apply, type Api } from "../../../local/cluster/api.ts";
import { writeProgramImage } from "../../../local/cluster/nodeImages.ts";
import { checkoutRoot } from "../../../local/support/cache.ts";
import { run, sleep } from "../../../local/support/process.ts";

export const probeImage = "localhost/mlops-test/probe:3";
export const probeNodePort = 31999;
export const probeGroup = "2000";

/** Builds the probe and packs it as an image archive. */
export async function writeProbeArchive(folder: string): Promise<string> {
  const program = join(folder, "probe");
  await run("go", ["build", "-ldflags", "-s -w", "-o", program, "main.go"], {
    cwd: join(checkoutRoot, "test/local/probe"),
    env: { ...process.env, CGO_ENABLED: "0" },
  });
  const archive = join(folder, "probe.tar");
  await writeProgramImage(program, probeImage, archive);
  return archive;
}

/** A pod under Pod Security `restricted` with a claim of the default storage class, behind a NodePort. */
export async function deployProbe(api: Api): Promise<void> {
  const metadata = { name: "probe", namespace: "probe" };
  await apply(api, "/api/v1/namespaces/probe", {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "probe", labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
  });
  await apply(api, "/api/v1/namespaces/probe/persistentvolumeclaims/probe", {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata,
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } } },
  });
  await apply(api, "/api/v1/namespaces/probe/services/probe", {
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: {
      type: "NodePort",
      selector: { app: "probe" },
      ports: [{ port: 80, targetPort: 8080, nodePort: probeNodePort }],
    },
  });
  await apply(api, "/apis/apps/v1/namespaces/probe/deployments/probe", {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata,
    spec: {
      selector: { matchLabels: { app: "probe" } },
      template: { metadata: { labels: { app: "probe" } }, spec: podSpec },
    },
  });
}

const podSpec = {
  automountServiceAccountToken: false,
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 1000,
    runAsGroup: 1000,
    fsGroup: Number(probeGroup),
    seccompProfile: { type: "RuntimeDefault" },
  },
  containers: [
    {
      name: "probe",
      image: probeImage,
      imagePullPolicy: "IfNotPresent",
      resources: { limits: { memory: "64Mi", cpu: "500m" } },
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      },
      volumeMounts: [{ name: "data", mountPath: "/data" }],
    },
  ],
  volumes: [{ name: "data", persistentVolumeClaim: { claimName: "probe" } }],
};

/** A probe without a volume, of which an autoscaler makes two pods where it takes more than half of what it requests. */
export async function deployScaled(api: Api, name: "busy" | "idle"): Promise<void> {
  const metadata = { name, namespace: "probe" };
  const { volumes: _, ...spec } = podSpec;
  const { volumeMounts: __, ...container } = podSpec.containers[0]!;
  const resources = { requests: { cpu: "50m" }, limits: { memory: "64Mi", cpu: "200m" } };
  await apply(api, `/apis/apps/v1/namespaces/probe/deployments/${name}`, {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata,
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { ...spec, containers: [{ ...container, args: [name], resources }] },
      },
    },
  });
  const target = { type: "Utilization", averageUtilization: 50 };
  await apply(api, `/apis/autoscaling/v2/namespaces/probe/horizontalpodautoscalers/${name}`, {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata,
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
      maxReplicas: 2,
      metrics: [{ type: "Resource", resource: { name: "cpu", target } }],
    },
  });
}

/** Asks the probe on its NodePort, as long as it takes to come up, and gives its answer. */
export async function askProbe(path: string, body?: string): Promise<string> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      const response = await fetch(`http://127.0.0.1:${probeNodePort}/${path}`, {
        method: body === undefined ? "GET" : "PUT",
        body,
        signal: AbortSignal.timeout(5_000),
      });
      return await response.text();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(250);
    }
  }
}
