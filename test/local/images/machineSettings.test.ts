import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { aptSources } from "../../../local/images/buildahImages.ts";
import { missingTools } from "../../../local/images/buildahSession.ts";
import { pipSettings } from "../../../local/images/buildContext.ts";
import { which } from "../../../local/support/process.ts";

const withApt = which("apt-get") ? describe : describe.skip;

withApt("apt sources", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "apt-"));
    mkdirSync(join(folder, "sources.list.d"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const write = (path: string, lines: string[]) =>
    writeFileSync(join(folder, path), lines.join("\n"));

  const sources = () => aptSources(["-o", `Dir::Etc=${folder}`]);

  test("are those of this machine, in either style, and of our release only", async () => {
    write("sources.list", [
      "# deb http://old.example/debian bookworm main",
      "deb [arch=amd64] http://mirror.example/debian  bookworm main contrib # note",
      "deb-src http://mirror.example/debian bookworm main",
      "deb https://cloud.example/apt cloud-sdk-bookworm main",
    ]);
    write("sources.list.d/debian.sources", [
      "Types: deb deb-src",
      "# a comment",
      "URIs: http://mirror.example/debian",
      "Suites: bookworm-updates",
      "  bookworm-backports",
      "Components: main",
      "",
      "Types: deb",
      "URIs: http://mirror.example/security",
      "Suites: bookworm-security",
      "Components: main",
      "",
      "Enabled: no",
      "Types: deb",
      "URIs: http://disabled.example/debian",
      "Suites: bookworm",
      "Components: main",
    ]);
    expect(await sources()).toEqual([
      "deb http://mirror.example/debian bookworm main",
      "deb http://mirror.example/debian bookworm contrib",
      "deb http://mirror.example/debian bookworm-updates main",
      "deb http://mirror.example/security bookworm-security main",
    ]);
  });

  test("are the defaults of mmdebstrap where this machine runs another release", async () => {
    write("sources.list", ["deb http://archive.ubuntu.com/ubuntu noble main"]);
    expect(await sources()).toEqual([]);
  });
});

describe("pip settings", () => {
  test("contain only how to reach the index", () => {
    const configured = [
      "global.index-url='https://mirror.example/simple'",
      "install.trusted-host='a.example\\nb.example'",
      ":env:.default-timeout='180'",
      ":env:.find-links='/opt/wheels'",
      "global.cert='/etc/ssl/certs/ca-certificates.crt'",
    ].join("\n");
    expect(pipSettings(configured, {}, true)).toBe(
      [
        "[global]",
        "disable-pip-version-check = true",
        "cert = /run/secrets/ca.crt",
        "index-url = https://mirror.example/simple",
        "trusted-host = a.example",
        "    b.example",
        "timeout = 180",
        "",
      ].join("\n"),
    );
  });

  test("come from the environment where there is no pip, which wins over the files", () => {
    const env = { PIP_INDEX_URL: "https://env.example/simple", PIP_NO_COLOR: "1", PIP_PROXY: "" };
    const configured = "global.index-url='https://mirror.example/simple'";
    for (const list of ["", configured]) {
      expect(pipSettings(list, env, false)).toBe(
        "[global]\ndisable-pip-version-check = true\nindex-url = https://env.example/simple\n",
      );
    }
  });
});

describe("tools for building without Docker", () => {
  const machine = (...programs: string[]) => ({
    platform: "linux" as NodeJS.Platform,
    isRoot: true,
    has: (program: string) => programs.includes(program),
  });

  test("installed tools are not installed again", () => {
    expect(missingTools(undefined, machine("buildah", "mmdebstrap", "gpgv"))).toEqual([]);
  });

  test("missing tools are named and installed with apt-get", () => {
    expect(missingTools(undefined, machine("apt-get", "gpgv"))).toEqual(["buildah", "mmdebstrap"]);
  });

  test("without apt-get the error names what to install", () => {
    expect(() => missingTools(undefined, machine("gpgv"))).toThrow(
      "building images needs buildah and mmdebstrap; install them with this system's package manager, or start Docker",
    );
  });

  test.each([
    ["another system", { platform: "darwin" as NodeJS.Platform }],
    ["an ordinary user", { isRoot: false }],
  ])("%s gets an error that suggests Docker", (_, difference) => {
    expect(() => missingTools(undefined, { ...machine("buildah"), ...difference })).toThrow(
      "building images needs Docker, or Linux and root for buildah; start Docker, or run the command with sudo",
    );
  });
});
