import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { stringify } from "yaml";
import { apiServerHost } from "../../program/cluster.ts";
import { type Kubeconfig, readKubeconfig } from "../../program/kubeconfig.ts";

const folder = mkdtempSync(join(tmpdir(), "kubeconfig-"));
const before = process.env["KUBECONFIG"];

afterEach(() => {
  if (before === undefined) delete process.env["KUBECONFIG"];
  else process.env["KUBECONFIG"] = before;
});
afterAll(() => rmSync(folder, { recursive: true }));

const entry = (name: string, host: string, current?: string): Kubeconfig => ({
  ...(current === undefined ? {} : { "current-context": current }),
  contexts: [{ name, context: { cluster: name } }],
  clusters: [{ name, cluster: { server: `https://${host}` } }],
});

function files(...contents: (Kubeconfig | string)[]): Kubeconfig {
  const paths = contents.map((content, index) => {
    const path = join(folder, `${index}`);
    writeFileSync(path, typeof content === "string" ? content : stringify(content));
    return path;
  });
  process.env["KUBECONFIG"] = ["", ...paths, join(folder, "absent")].join(delimiter);
  return readKubeconfig();
}

test("a context of the second file is found, with the current context of whichever file has one", () => {
  const config = files(entry("work", "work.example.org"), entry("home", "home.example", "home"));
  expect(apiServerHost(config)).toBe("home.example");
  expect(apiServerHost(config, "work")).toBe("work.example.org");
});

test("the first of equal names counts, as with kubectl", () => {
  const config = files(entry("a", "first", "a"), entry("a", "second", "b"));
  expect(config.clusters).toHaveLength(1);
  expect([apiServerHost(config, "a"), config["current-context"]]).toEqual(["first", "a"]);
});

test.each(["", "# nothing yet\n"])("a file without entries (%j) hides no other", (text) => {
  expect(apiServerHost(files(text, entry("a", "second", "a")))).toBe("second");
});

test("missing files mean no cluster, not a fallback to another file", () => {
  process.env["KUBECONFIG"] = join(folder, "absent");
  expect(apiServerHost(readKubeconfig())).toBe("localhost");
});

test("paths are relative to the file that has them; a plugin on PATH stays as it is", () => {
  const exec = (command: string) => ({ apiVersion: "client.authentication.k8s.io/v1", command });
  const { users, clusters } = files({
    clusters: [{ name: "a", cluster: { server: "https://a", "certificate-authority": "ca.crt" } }],
    users: [
      { name: "file", user: { "client-key": "/key", "client-certificate": "../user.crt" } },
      { name: "folder", user: { exec: exec("./login") } },
      { name: "path", user: { exec: exec("login") } },
    ],
  });
  expect(clusters![0]!.cluster).toHaveProperty("certificate-authority", join(folder, "ca.crt"));
  expect(users!.map(({ user }) => user)).toMatchObject([
    { "client-key": "/key", "client-certificate": join(folder, "../user.crt") },
    { exec: { command: join(folder, "login") } },
    { exec: { command: "login" } },
  ]);
});

test("a file that cannot be read is named", () => {
  expect(() => files(entry("a", "first"), "contexts: [")).toThrow(
    `the kubeconfig ${join(folder, "1")} cannot be read: `,
  );
});
