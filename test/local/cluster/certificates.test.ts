import { X509Certificate } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { areCertificatesValid, ensureCertificates } from "../../../local/cluster/certificates.ts";
import { run } from "../../../local/support/process.ts";

const folder = mkdtempSync(join(tmpdir(), "mlops-certificates-"));
afterAll(() => rmSync(folder, { recursive: true }));

const contents = () =>
  Object.fromEntries(
    readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), "utf8")]),
  );

/** The same certificate with ten days left. */
async function age(file: string, authority: string): Promise<void> {
  const signer =
    authority === file ? [] : ["-CA", `${authority}.crt`, "-CAkey", `${authority}.key`];
  const words = ["req", "-x509", "-config", "openssl.cnf", "-subj", "/CN=old"];
  await run(
    "openssl",
    [...words, "-key", `${file}.key`, ...signer, "-days", "10", "-out", "aged.crt"],
    { cwd: folder },
  );
  renameSync(join(folder, "aged.crt"), join(folder, `${file}.crt`));
}

const changed = (before: Record<string, string>) =>
  Object.entries(contents()).flatMap(([file, text]) => (before[file] === text ? [] : [file]));

test("certificates are created once, and those that expire within a month are renewed", async () => {
  expect(areCertificatesValid(folder)).toBe(false);
  await ensureCertificates(folder);
  expect(areCertificatesValid(folder)).toBe(true);
  const before = contents();
  await ensureCertificates(folder);
  expect(changed(before)).toEqual([]);

  await age("apiserver", "ca");
  expect(areCertificatesValid(folder)).toBe(false);
  await ensureCertificates(folder);
  expect(areCertificatesValid(folder)).toBe(true);
  expect(changed(before).sort()).toEqual(["apiserver.crt", "apiserver.key"]);
});

test("a new authority reissues all certificates, and tokens of pods stay valid", async () => {
  const before = contents();
  await age("ca", "ca");
  await ensureCertificates(folder);
  expect(areCertificatesValid(folder)).toBe(true);
  expect(changed(before)).toContain("admin.crt");
  expect(changed(before)).not.toContain("service-accounts.key");
  const authority = new X509Certificate(readFileSync(join(folder, "ca.crt")));
  const admin = new X509Certificate(readFileSync(join(folder, "admin.crt")));
  expect(admin.checkIssued(authority)).toBe(true);
});
