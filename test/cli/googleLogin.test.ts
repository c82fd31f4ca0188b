import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { previewEnvironment } from "../../cli/googleLogin.ts";

const nobody = { HOME: "/nonexistent" };

test("a first look at the costs needs no account", () => {
  expect(previewEnvironment(nobody)).toEqual({
    ...nobody,
    GOOGLE_OAUTH_ACCESS_TOKEN: "none",
    PULUMI_GCP_SKIP_REGION_VALIDATION: "true",
  });
});

test.each(["GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CREDENTIALS", "GOOGLE_OAUTH_ACCESS_TOKEN"])(
  "credentials in %s are left as they are",
  (name) => {
    const env = { ...nobody, [name]: "something" };
    expect(previewEnvironment(env)).toBe(env);
  },
);

test("and so are those of `gcloud auth application-default login`", () => {
  const folder = mkdtempSync(join(tmpdir(), "gcloud-"));
  writeFileSync(join(folder, "application_default_credentials.json"), "{}");
  const env = { ...nobody, CLOUDSDK_CONFIG: folder };
  expect(previewEnvironment(env)).toBe(env);
  rmSync(folder, { recursive: true });
});
