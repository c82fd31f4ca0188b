import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { checkArguments } from "../core/checks.ts";
import { outputsOf } from "../core/outputs.ts";
import { resourceCostUsd } from "../cost/index.ts";
import { labelsAtGoogle } from "../google/googleNames.ts";
import { checkDomainCertificate, type DomainCertificateArgs } from "./arguments.ts";
import { gateway } from "./gatewayObjects.ts";

const recordTtlSeconds = 300;

/**
 * What a gateway needs from Google Cloud to serve a domain: a static address, a certificate that Google issues and
 * renews, and a policy that requires TLS 1.2 or later.
 */
export class DomainCertificate extends pulumi.ComponentResource {
  /** IPv4 address of every host. */
  public readonly address: pulumi.Output<string>;
  /** Name of that address, for a PlatformGateway. */
  public readonly addressName: pulumi.Output<string>;
  /** Name of the certificate map, for a PlatformGateway. */
  public readonly certificateMapName: pulumi.Output<string>;
  /** Name of the TLS policy, for a PlatformGateway. */
  public readonly sslPolicyName: pulumi.Output<string>;
  /** DNS records that the domain requires, as lines of a zone file. With `dnsZone` they already exist. */
  public readonly dnsRecords: pulumi.Output<string[]>;
  /** Monthly cost of the load balancer in US dollars, without traffic. The rest is free. */
  public readonly monthlyCostUsd: pulumi.Output<number>;

  constructor(name: string, args: DomainCertificateArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArguments(`DomainCertificate "${name}"`, args, checkDomainCertificate);
    super("mlops:index:DomainCertificate", name, args, opts);

    const child = { parent: this };
    const { project, domain, hostNames, dnsZone } = args;
    const labels = labelsAtGoogle(args.labels);
    const address = new gcp.compute.GlobalAddress(
      `${name}-address`,
      { project, addressType: "EXTERNAL", ipVersion: "IPV4", labels },
      child,
    );
    // Google's default still accepts TLS 1.0
    const sslPolicy = new gcp.compute.SSLPolicy(
      `${name}-tls`,
      { project, profile: "MODERN", minTlsVersion: "TLS_1_2" },
      child,
    );
    const authorization = new gcp.certificatemanager.DnsAuthorization(
      `${name}-authorization`,
      { project, domain, labels },
      child,
    );
    // for every host there may be: one more or one less leaves the certificate as it is
    const certificate = new gcp.certificatemanager.Certificate(
      `${name}-certificate`,
      {
        project,
        managed: { domains: [`*.${domain}`], dnsAuthorizations: [authorization.id] },
        labels,
      },
      child,
    );
    const map = new gcp.certificatemanager.CertificateMap(
      `${name}-map`,
      { project, labels },
      child,
    );
    for (const hostname of hostNames) {
      new gcp.certificatemanager.CertificateMapEntry(
        `${name}-${firstLabel(hostname)}-entry`,
        { project, map: map.name, hostname, certificates: [certificate.id], labels },
        child,
      );
    }
    const proof = authorization.dnsResourceRecords.apply(([record]) => record!);
    const proofRecord = { name: proof.name, type: proof.type, data: proof.data };
    const hostRecords = hostNames.map((host) => ({
      name: pulumi.output(`${host}.`),
      type: pulumi.output("A"),
      data: address.address,
    }));
    if (dnsZone !== undefined) {
      const record = (logicalName: string, { name: recordName, type, data }: typeof proofRecord) =>
        new gcp.dns.RecordSet(
          logicalName,
          {
            project,
            managedZone: dnsZone,
            name: recordName,
            type,
            ttl: recordTtlSeconds,
            rrdatas: [data],
          },
          child,
        );
      record(`${name}-record`, proofRecord);
      hostNames.forEach((host, index) =>
        record(`${name}-${firstLabel(host)}-record`, hostRecords[index]!),
      );
    }

    this.address = address.address;
    this.addressName = address.name;
    this.certificateMapName = map.name;
    this.sslPolicyName = sslPolicy.name;
    this.dnsRecords = pulumi.all(
      [proofRecord, ...hostRecords].map(
        (record) =>
          pulumi.interpolate`${record.name} ${recordTtlSeconds} IN ${record.type} ${record.data}`,
      ),
    );
    this.monthlyCostUsd = pulumi.output(
      // GKE makes the forwarding rule when a Gateway takes the address: that is what is paid for
      resourceCostUsd("kubernetes:gateway.networking.k8s.io/v1:Gateway", gateway({}, address.name)),
    );
    this.registerOutputs(outputsOf(this));
  }
}

const firstLabel = (host: string) => host.slice(0, host.indexOf("."));
