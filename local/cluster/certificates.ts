import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { run } from "../support/process.ts";
import { addresses, nodeName } from "./layout.ts";

interface Certificate {
  file: string;
  subject: string;
  names?: string[];
}

/** Who talks to whom: each component has its own identity, and with it only the rights Kubernetes gives it. */
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
  { file: "dns", subject: "/CN=mlops-local:dns" },
  { file: "volumes", subject: "/CN=mlops-local:volumes" },
];

const days = "3650";
const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"];

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

/** Makes the cluster's certificates, once. They are written aside and renamed, so half a set is never used. */
export async function ensureCertificates(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  const draft = `${folder}.new`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true, mode: 0o700 });
  await writeFile(join(draft, "openssl.cnf"), opensslConfig);
  const openssl = (...args: string[]) => run("openssl", args, { cwd: draft });
  const request = ["req", "-x509", "-config", "openssl.cnf", ...newKey, "-days", days];

  await openssl(
    ...[...request, "-extensions", "authority", "-subj", "/CN=mlops-local"],
    ...["-keyout", "ca.key", "-out", "ca.crt"],
  );
  await Promise.all([
    openssl(
      ...["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
      ...["-out", "service-accounts.key"],
    ),
    ...certificates.map(({ file, subject, names }) =>
      openssl(
        ...[...request, "-extensions", "identity", "-subj", subject],
        ...(names ? ["-addext", `subjectAltName=${names.join(",")}`] : []),
        ...["-CA", "ca.crt", "-CAkey", "ca.key"],
        ...["-keyout", `${file}.key`, "-out", `${file}.crt`],
      ),
    ),
  ]);
  await openssl(
    ...["pkey", "-in", "service-accounts.key", "-pubout", "-out", "service-accounts.pub"],
  );
  await run("chmod", ["-R", "go=", draft]);
  await rename(draft, folder);
}
