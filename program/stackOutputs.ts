import * as pulumi from "@pulumi/pulumi";
import { type DomainCertificate, type MlopsPlatform, outputsOf } from "../components/index.ts";
import type { Cluster } from "./cluster.ts";
import type { Bill } from "./bill.ts";
import type { PublicDomain } from "./domain.ts";

/** What a stack tells those who use it, in addition to the platform's outputs. */
interface StackOutputs {
  /** What the parts in Google Cloud cost a month at list prices, in US dollars; 0 where there are none. */
  monthlyCostUsd: pulumi.Output<number>;
  /** Name of the GKE cluster. */
  clusterName?: pulumi.Output<string>;
  /** Region or zone of the GKE cluster. */
  clusterLocation?: pulumi.Output<string>;
  /** Repository that the images are pushed to. */
  imageRepositoryUrl?: pulumi.Output<string>;
  /** Records to enter in the domain's DNS, where the program does not do it. */
  dnsRecords?: DomainCertificate["dnsRecords"];
}

export function stackOutputs(
  platform: MlopsPlatform,
  cluster: Cluster,
  domain: PublicDomain,
  costs: Bill,
): { [name: string]: unknown } {
  const { namespace: _, ...ofPlatform } = outputsOf(platform);
  const own: StackOutputs = {
    monthlyCostUsd: pulumi.output(costs.monthlyCostUsd()),
    clusterName: cluster.name,
    clusterLocation: cluster.location,
    imageRepositoryUrl: cluster.imageRepositoryUrl,
    dnsRecords: domain.dnsRecords,
  };
  const models = platform.models.apply((known) =>
    Object.fromEntries(
      Object.entries(known).map(([name, model]) => [name, { pageUrl: null, ...model }]),
    ),
  );
  // what a stack does not have is null: undefined would be warned about
  return Object.fromEntries(
    Object.entries({ ...ofPlatform, models, ...own }).map(([name, value]) => [name, value ?? null]),
  );
}
