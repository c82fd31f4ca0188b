import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { ProjectServices } from "../components/index.ts";
import { ClusterTarget, DataStoreTarget, type PlatformConfig } from "./settings.ts";
import { usesGoogleCloud } from "./contradictions.ts";
import { retryUntilReady } from "./googleReadiness.ts";

/** Where everything in Google Cloud is made. */
export interface GoogleCloud {
  readonly project: string;
  readonly region: string;
  /** Options of what is made there: the one provider, after the APIs are enabled, with retries until they answer. */
  readonly options: {
    readonly provider: gcp.Provider;
    readonly dependsOn: ProjectServices[];
    readonly transformations: pulumi.ResourceTransformation[];
  };
}

/** The stack's Google Cloud project with the APIs that the stack needs, or nothing where it needs none. */
export function googleCloud(
  config: PlatformConfig,
  ...further: pulumi.ResourceTransformation[]
): GoogleCloud | undefined {
  if (!usesGoogleCloud(config)) return undefined;
  const [project, region] = [config.gcpProject!, config.gcpRegion!];
  const provider = new gcp.Provider("google", { project, region });
  const transformations = [retryUntilReady(), ...further];
  const services = new ProjectServices(
    "mlops-services",
    { project, services: servicesOf(config).map((service) => `${service}.googleapis.com`) },
    { provider, transformations },
  );
  return { project, region, options: { provider, dependsOn: [services], transformations } };
}

/** Id of a service account, with the stack in it: ids are unique in a project, which stacks may share. */
export function accountId(purpose: string): string {
  const stack = pulumi
    .getStack()
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-");
  return `mlops-${stack.slice(0, 23 - purpose.length)}-${purpose}`.replaceAll(/-+/g, "-");
}

function servicesOf({ cluster, dataStores, domain, dnsZone }: PlatformConfig): string[] {
  const onGke = cluster === ClusterTarget.Gke;
  const inCloudSql = dataStores === DataStoreTarget.Gcp;
  return [
    "cloudresourcemanager",
    "iam",
    ...(onGke ? ["artifactregistry", "compute", "container"] : []),
    ...(inCloudSql ? ["sqladmin", "storage"] : []),
    ...(onGke && inCloudSql ? ["servicenetworking"] : []),
    ...(domain === undefined ? [] : ["certificatemanager"]),
    ...(dnsZone === undefined ? [] : ["dns"]),
  ];
}
