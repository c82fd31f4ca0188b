import { artifactRegistry } from "./artifactRegistry.ts";
import { certificateManager } from "./certificateManager.ts";
import { compute } from "./compute.ts";
import { container, instanceGroups } from "./container.ts";
import { dns } from "./dns.ts";
import { iam } from "./iam.ts";
import { resourceManager } from "./resourceManager.ts";
import { type Seen, serve } from "./server.ts";
import { serviceNetworking } from "./serviceNetworking.ts";
import { serviceUsage } from "./serviceUsage.ts";
import { sqlAdmin } from "./sqlAdmin.ts";
import { storage } from "./storage.ts";
import { World, type WorldOptions } from "./world.ts";

export { addObject } from "./storage.ts";
export { addZone } from "./dns.ts";
export type { ClusterAddress } from "./world.ts";

const apis = [
  serviceUsage,
  resourceManager,
  compute,
  instanceGroups,
  serviceNetworking,
  sqlAdmin,
  storage,
  iam,
  container,
  artifactRegistry,
  certificateManager,
  dns,
];

/** As much of Google Cloud as the program uses, on an address of this machine. */
export interface FakeGoogleCloud {
  readonly world: World;
  /** Every request so far. */
  readonly seen: readonly Seen[];
  /** The environment in which Google's provider calls only this server. */
  readonly environment: Record<string, string>;
  /** Requests that nothing here answers, or that broke the fake. */
  unanswered(): Seen[];
  close(): Promise<void>;
}

/** The only token that is let in. It is looked for where no secret may stand. */
export const accessToken = "fake-token-of-nobody";

export async function startFakeGoogleCloud(options: WorldOptions): Promise<FakeGoogleCloud> {
  const world = new World(options);
  const { url, seen, close } = await serve(apis, world);
  const endpoints = apis.map(({ variable, path }) => [variable, `${url}${path}`]);
  return {
    world,
    seen,
    environment: {
      ...(Object.fromEntries(endpoints) as Record<string, string>),
      GOOGLE_OAUTH_ACCESS_TOKEN: accessToken,
      PULUMI_GCP_SKIP_REGION_VALIDATION: "true",
      // what is not answered here fails at once, instead of asking Google
      HTTPS_PROXY: "http://127.0.0.1:9",
      NO_PROXY: "127.0.0.1,localhost",
    },
    unanswered: () => seen.filter(({ code }) => code >= 500),
    close,
  };
}
