import { run } from "../support/process.ts";
import { addresses, interfaces } from "./layout.ts";

const input = "MLOPS-INPUT";
const forward = "MLOPS-FORWARD";
const postrouting = "MLOPS-POSTROUTING";

/**
 * Our own chains. Pods reach each other, the node's address and the outside; the machine's network
 * reaches neither pods nor the API server, although forwarding is on. A firewall that drops forwarded
 * packets by default (Docker's, ufw's) does not get in the way of pods.
 */
export function firewallRules(apiPort: number): string {
  const pods = interfaces.bridge;
  return `*filter
:${input} - [0:0]
-A ${input} -i ${pods} -d ${addresses.node}/32 -j ACCEPT
-A ${input} ! -i lo -d ${addresses.node}/32 -j DROP
-A ${input} ! -i lo -p tcp -m tcp --dport ${apiPort} -j DROP
:${forward} - [0:0]
-A ${forward} -i ${pods} -j ACCEPT
-A ${forward} -o ${pods} -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT
-A ${forward} -o ${pods} -j DROP
COMMIT
*nat
:${postrouting} - [0:0]
-A ${postrouting} -s ${addresses.pods} ! -d ${addresses.cluster} -j MASQUERADE
COMMIT
`;
}

const jumps: [table: string, from: string, to: string][] = [
  ["filter", "INPUT", input],
  ["filter", "FORWARD", forward],
  ["nat", "POSTROUTING", postrouting],
];

const wait = ["-w", "10"]; // others use iptables too; wait for their lock

export async function openFirewall(apiPort: number): Promise<void> {
  await run("iptables-restore", [...wait, "--noflush"], { input: firewallRules(apiPort) });
  for (const [table, from, to] of jumps) {
    const rule = [...wait, "-t", table];
    await run("iptables", [...rule, "-C", from, "-j", to]).catch(() =>
      run("iptables", [...rule, "-I", from, "1", "-j", to]),
    );
  }
}

const isOurs = (chain: string) => /^(MLOPS|KUBE)-/.test(chain);

/**
 * What iptables-restore must be told to remove our chains and kube-proxy's, and every rule that jumps
 * to them, from what iptables-save printed. Empty when there is nothing of ours.
 */
export function removalOf(saved: string): string {
  const tables: string[] = [];
  for (const text of saved.split(/^(?=\*)/m)) {
    const table = /^\*(\S+)/.exec(text)?.[1];
    if (table === undefined) continue;
    const chains = [...text.matchAll(/^:(\S+)/gm)].map((found) => found[1] ?? "").filter(isOurs);
    if (chains.length === 0) continue;
    const rules = [...text.matchAll(/^-A (\S+) .*$/gm)]
      .filter(([rule, chain]) => {
        const target = / -[jg] (\S+)/.exec(rule.replaceAll(/"(\\.|[^"])*"/g, ""))?.[1];
        return !isOurs(chain ?? "") && target !== undefined && isOurs(target);
      })
      .map(([rule]) => rule.replace("-A", "-D"));
    const flush = chains.map((chain) => `-F ${chain}`);
    const remove = chains.map((chain) => `-X ${chain}`);
    tables.push([`*${table}`, ...rules, ...flush, ...remove, "COMMIT", ""].join("\n"));
  }
  return tables.join("");
}

export async function closeFirewall(): Promise<void> {
  for (const family of ["iptables", "ip6tables"]) {
    const removal = removalOf(await run(`${family}-save`, []));
    if (removal) await run(`${family}-restore`, [...wait, "--noflush"], { input: removal });
  }
}

/** True if kube-proxy's chains are there: with none of our own they belong to another Kubernetes. */
export async function hasKubernetesRules(): Promise<boolean> {
  return /^:KUBE-SERVICES /m.test(await run("iptables-save", ["-t", "nat"]));
}
