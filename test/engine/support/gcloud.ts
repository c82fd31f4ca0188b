import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A gcloud that calls the fake of Google Cloud, with the few commands that `npm run down` needs. */
export function writeGcloud(folder: string, environment: Record<string, string>): void {
  const { GOOGLE_COMPUTE_CUSTOM_ENDPOINT: compute, GOOGLE_SQL_CUSTOM_ENDPOINT: sql } = environment;
  const path = join(folder, "gcloud");
  writeFileSync(
    path,
    `#!/usr/bin/env node
const words = process.argv.slice(2).join(" ");
const [, project] = / --project (\\S+)/.exec(words);
const ask = async (url, body) => {
  const options = body ? { method: "POST", body: JSON.stringify(body) } : {};
  const response = await fetch(url, options);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error.message);
  return answer;
};
const network = (name) => \`${compute}projects/\${project}/global/networks/\${name}\`;
const commands = [
  [/^compute networks describe (\\S+)/, async (name) =>
    ((await ask(network(name))).peerings ?? []).map((one) => one.name).join(";")],
  [/^compute networks peerings delete (\\S+) --network (\\S+)/, async (peering, name) => {
    await ask(network(name) + "/removePeering", { name: peering });
    return "";
  }],
  [/^sql instances list --filter \\S+ ~ (\\S+)/, async (pattern) =>
    (await ask(\`${sql}projects/\${project}/instances\`)).items
      .filter((one) => new RegExp(pattern).test(one.settings.ipConfiguration.privateNetwork))
      .map((one) => one.name).join("\\n")],
];
const [pattern, run] = commands.find(([one]) => one.test(words));
run(...pattern.exec(words).slice(1)).then((text) => console.log(text));
`,
  );
  chmodSync(path, 0o755);
}
