// The npm packages of a bundle, for `npm ci` without a network. Depends on nothing, as cli/bootstrap.mjs does.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The file that `--bundle` names, if it is given. */
export function bundleOf(words) {
  const at = words.findIndex((word) => /^--bundle(=|$)/.test(word));
  return at < 0 ? undefined : (words[at].split("=")[1] ?? words[at + 1]);
}

/**
 * Runs `work` with the URL of a registry on loopback that has the packages of a bundle. The lock file has a hash for
 * each, which npm checks.
 */
export async function withBundledPackages(bundle, work) {
  const folder = mkdtempSync(join(tmpdir(), "mlops-bundle-"));
  const server = createServer(({ url, headers }, response) => {
    const path = decodeURIComponent(url.split("?")[0].slice(1));
    const found = path.endsWith(".tgz")
      ? contentOf(join(folder, path))
      : metadataOf(path, headers.host);
    response.writeHead(found === undefined ? 404 : 200).end(found);
  });
  let index;
  const metadataOf = (name, host) => {
    if (index[name] === undefined) return undefined;
    const versions = Object.values(index[name]).map(({ file, ...one }) => {
      const tarball = `http://${host}/${file}`;
      return [one.version, { ...one, dist: { tarball, integrity: one.integrity } }];
    });
    return JSON.stringify({ name, "dist-tags": {}, versions: Object.fromEntries(versions) });
  };
  try {
    const { status, stderr } = spawnSync("tar", ["-xf", bundle, "-C", folder, "npm"], {
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(stderr?.trim() || "tar cannot be run");
    index = JSON.parse(readFileSync(join(folder, "npm", "index.json"), "utf8"));
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    return await work(`http://127.0.0.1:${server.address().port}/`, join(folder, "cache"));
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function contentOf(path) {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
