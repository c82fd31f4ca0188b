import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../support/process.ts";
import { addresses, clusterName, nodeName } from "./clusterLayout.ts";

interface Certificate {
  file: string;
  subject: string;
  names?: string[];
  /** The authority that signs it: `ca` by default. */
  authority?: string;
}

/** The second one signs only for the API server: a client with its certificate may act as any user. */
const authorities = ["ca", "front-proxy-ca"];

/** Each component has its own identity, and with it only the rights that Kubernetes gives that identity. */
const certificates: Certificate[] = [
  {
    file: "apiserver",
    subject: "/CN=kube-apiserver",
    names: [
      "DNS:localhost",
      "DNS:kubernetes",
      "DNS:kubernetes.default",
      "DNS:kubernetes.default.svc",
      "DNS:kubernetes.default.svc.cluster.local",
      "IP:127.0.0.1",
      `IP:${addresses.apiService}`,
      `IP:${addresses.node}`,
    ],
  },
  {
    file: "kubelet",
    subject: `/O=system:nodes/CN=system:node:${nodeName}`,
    names: [`DNS:${nodeName}`, `IP:${addresses.node}`],
  },
  { file: "apiserver-kubelet-client", subject: "/O=system:masters/CN=apiserver-kubelet-client" },
  { file: "admin", subject: "/O=system:masters/CN=admin" },
  { file: "controller-manager", subject: "/CN=system:kube-controller-manager" },
  { file: "scheduler", subject: "/CN=system:kube-scheduler" },
  { file: "proxy", subject: "/CN=system:kube-proxy" },
  { file: "front-proxy", subject: "/CN=front-proxy", authority: "front-proxy-ca" },
  {
    file: "metrics-server",
    subject: `/CN=${clusterName}:metrics-server`,
    names: ["DNS:metrics-server.kube-system.svc"],
  },
  ...["dns", "volumes", "network-policies"].map((file) => ({
    file,
    subject: `/CN=${clusterName}:${file}`,
  })),
];

const curve = ["-pkeyopt", "ec_paramgen_curve:P-256"];
const newKey = ["-newkey", "ec", ...curve, "-noenc"];

// The machine's own openssl.cnf would add extensions that differ between distributions.
const opensslConfig = `[req]
distinguished_name = subject
prompt = no
[subject]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, digitalSignature, keyCertSign
[identity]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
`;

const renewalDays = 30;

/** Whether every certificate is there, was issued by its authority, and is valid for a month to come. */
export const areCertificatesValid = (folder: string): boolean =>
  authorities.every((file) => isValid(folder, file, file)) &&
  certificates.every(({ file, authority = "ca" }) => isValid(folder, file, authority));

function isValid(folder: string, file: string, authority: string): boolean {
  const read = (name: string) => new X509Certificate(readFileSync(join(folder, `${name}.crt`)));
  if (![file, authority].every((name) => existsSync(join(folder, `${name}.crt`)))) return false;
  const certificate = read(file);
  const daysLeft = (Date.parse(certificate.validTo) - Date.now()) / 86_400_000;
  return daysLeft > renewalDays && certificate.verify(read(authority).publicKey);
}

/**
 * Creates the certificates that are missing or expire soon. Each is written to a new file and renamed, so that half of one is never
 * used. The key of service accounts stays: it does not expire, and pods hold tokens that it signed.
 */
export async function ensureCertificates(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(join(folder, "openssl.cnf"), opensslConfig);
  const exists = (file: string) => existsSync(join(folder, file));
  const make = async (files: string[], ...args: string[]) => {
    const path = (file: string) => join(folder, file);
    await run("openssl", args, { cwd: folder });
    for (const file of files) {
      await chmod(path(`${file}.new`), 0o600);
      await rename(path(`${file}.new`), path(file));
    }
  };
  const certify = async (file: string, authority: string, subject: string, ...args: string[]) => {
    if (exists(`${file}.key`) && isValid(folder, file, authority)) return;
    await make(
      [`${file}.key`, `${file}.crt`],
      ...["req", "-x509", "-config", "openssl.cnf", ...newKey, "-days", "3650", "-subj", subject],
      ...["-keyout", `${file}.key.new`, "-out", `${file}.crt.new`, ...args],
    );
  };

  for (const file of authorities) {
    await certify(file, file, `/CN=${clusterName}`, "-extensions", "authority");
  }
  await Promise.all(
    certificates.map(({ file, subject, names, authority = "ca" }) =>
      certify(
        ...([file, authority, subject, "-extensions", "identity"] as const),
        ...["-CA", `${authority}.crt`, "-CAkey", `${authority}.key`],
        ...(names ? ["-addext", `subjectAltName=${names.join(",")}`] : []),
      ),
    ),
  );
  const key = "service-accounts.key";
  if (!exists(key)) {
    await make([key], ...["genpkey", "-algorithm", "EC"], ...curve, "-out", `${key}.new`);
  }
  const publicKey = "service-accounts.pub";
  if (!exists(publicKey)) {
    await make([publicKey], "pkey", "-in", key, "-pubout", "-out", `${publicKey}.new`);
  }
}
