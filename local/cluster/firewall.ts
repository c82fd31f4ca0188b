import { existsSync } from "node:fs";
import { run, sleep } from "../support/process.ts";
import { addresses, interfaces } from "./clusterLayout.ts";

const input = "MLOPS-INPUT";
const inputPolicies = "MLOPS-INPUT-POLICIES";
const forward = "MLOPS-FORWARD";
const forwardPolicies = "MLOPS-FORWARD-POLICIES";
const output = "MLOPS-OUTPUT";
const prerouting = "MLOPS-PREROUTING";
const postrouting = "MLOPS-POSTROUTING";

/** The chains of kube-router for NetworkPolicies; networkPolicies.go keeps it from inserting the jumps to them. */
const policies = ["KUBE-ROUTER-INPUT", "KUBE-ROUTER-FORWARD"];

/** The chain in which kube-proxy refuses calls to a NodePort whose Service has no endpoints. */
const withoutEndpoints = "KUBE-EXTERNAL-SERVICES";

/** What pods may call on the node's address other than DNS and the API server: kubelet, which asks for a token, and node-exporter. */
const nodePorts = "10250,9100:9109";

/** Metadata addresses, where clouds give a machine's identity and keys to any process: link-local, Alibaba's, Azure's. */
const metadataServers = ["169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32"];

/**
 * Our own chains. Pods reach each other, the outside, and on this machine only the ports of the cluster; everything
 * else that listens here refuses them. NetworkPolicies come last: they take away from that, and cannot add to it. DNS is a
 * process of the node, which no policy can select, so every pod may query it. The machine's network reaches
 * neither pods nor the API server, although forwarding is on. A firewall that drops forwarded packets by default
 * (Docker's, ufw's) does not get in the way of pods.
 *
 * A call of this machine to a NodePort without endpoints is refused as it leaves. kube-proxy refuses it as it arrives,
 * when the kernel has noted that its connection goes to the machine itself: for two minutes it would then refuse every
 * connection from the same source port, whatever serves by then.
 */
export function firewallRules(apiPort: number): string {
  const pods = interfaces.bridge;
  const [inputPolicy, forwardPolicy] = policies;
  const fromPodsToNode = `-A ${input} -i ${pods} -d ${addresses.node}/32`;
  const noMetadata = metadataServers.map(
    (range) => `-A ${forward} -i ${pods} -d ${range} -j REJECT`,
  );
  return `*filter
:${inputPolicies} - [0:0]
-A ${inputPolicies} -j ${inputPolicy}
-A ${inputPolicies} -j ACCEPT
:${input} - [0:0]
-A ${input} -i ${pods} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
${fromPodsToNode} -p udp -m udp --dport 53 -j ACCEPT
${fromPodsToNode} -p tcp -m tcp --dport 53 -j ACCEPT
${fromPodsToNode} -p tcp -m tcp --dport ${apiPort} -m conntrack --ctorigdst ${addresses.apiService} -g ${inputPolicies}
${fromPodsToNode} -p tcp -m multiport --dports ${nodePorts} -g ${inputPolicies}
-A ${input} -i ${pods} -j REJECT
-A ${input} ! -i lo -d ${addresses.node}/32 -j DROP
-A ${input} ! -i lo -p tcp -m tcp --dport ${apiPort} -j DROP
:${forwardPolicies} - [0:0]
-A ${forwardPolicies} -j ${forwardPolicy}
-A ${forwardPolicies} -j ACCEPT
:${forward} - [0:0]
${noMetadata.join("\n")}
-A ${forward} -i ${pods} -m conntrack --ctstate DNAT --ctdir ORIGINAL ! --ctorigdst ${addresses.services} -j REJECT
-A ${forward} -i ${pods} -g ${forwardPolicies}
-A ${forward} -o ${pods} -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -g ${forwardPolicies}
-A ${forward} -o ${pods} -j DROP
:${output} - [0:0]
-A ${output} -m conntrack --ctstate NEW -j ${withoutEndpoints}
COMMIT
*mangle
:${prerouting} - [0:0]
-A ${prerouting} ! -i lo -d 127.0.0.0/8 -j DROP
COMMIT
*nat
:${postrouting} - [0:0]
-A ${postrouting} -s ${addresses.pods} ! -d ${addresses.cluster} -j MASQUERADE
COMMIT
`;
}

/** Pods have no IPv6 but the address for its link that the kernel gives every interface, the bridge as well. */
const firewallRulesV6 = `*filter
:${input} - [0:0]
-A ${input} -i ${interfaces.bridge} -p ipv6-icmp -m icmp6 --icmpv6-type neighbour-solicitation -j ACCEPT
-A ${input} -i ${interfaces.bridge} -p ipv6-icmp -m icmp6 --icmpv6-type neighbour-advertisement -j ACCEPT
-A ${input} -i ${interfaces.bridge} -j REJECT
:${forward} - [0:0]
-A ${forward} -i ${interfaces.bridge} -j REJECT
COMMIT
`;

const jumps: [table: string, from: string, to: string][] = [
  ["filter", "INPUT", input],
  ["filter", "FORWARD", forward],
  ["filter", "OUTPUT", output],
  ["mangle", "PREROUTING", prerouting],
  ["nat", "POSTROUTING", postrouting],
];
const jumpsV6 = jumps.filter(([, , to]) => to === input || to === forward);

const wait = ["-w", "10"]; // other programs use iptables too; wait for their lock

export async function openFirewall(apiPort: number): Promise<void> {
  for (const chain of [...policies, withoutEndpoints])
    await run("iptables", [...wait, "-N", chain]).catch(() => {}); // it is there
  await install("iptables", firewallRules(apiPort), jumps);
  if (existsSync("/proc/net/if_inet6")) await install("ip6tables", firewallRulesV6, jumpsV6);
}

async function install(iptables: string, rules: string, from: typeof jumps): Promise<void> {
  await run(`${iptables}-restore`, [...wait, "--noflush"], { input: rules });
  for (const [table, chain, ours] of from) {
    const rule = [...wait, "-t", table];
    await run(iptables, [...rule, "-C", chain, "-j", ours]).catch(() =>
      run(iptables, [...rule, "-I", chain, "1", "-j", ours]),
    );
  }
}

const isOurs = (chain: string) => /^(MLOPS|KUBE)-/.test(chain);

/**
 * The input of iptables-restore that removes our chains, kube-proxy's and kube-router's, and every rule that jumps
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
  const sets = await run("ipset", ["list", "-name"]).catch(() => ""); // earlier versions had none
  for (const set of sets.split("\n").filter((name) => /^(KUBE-(SRC|DST)|TMP)-/.test(name))) {
    const destroy = () => run("ipset", ["destroy", set]);
    await destroy().catch(() => sleep(200).then(destroy)); // freed a moment after its last rule
  }
}

/** True if kube-proxy's chains are there: with none of our own they belong to another Kubernetes. */
export async function hasKubernetesRules(): Promise<boolean> {
  return /^:KUBE-SERVICES /m.test(await run("iptables-save", ["-t", "nat"]));
}
