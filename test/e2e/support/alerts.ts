import { forwarded } from "./forwarded.ts";

/** Names of the alerts that Alertmanager holds active. */
export async function activeAlerts(): Promise<string[]> {
  return await forwarded("alertmanager", async (url) => {
    const active = await fetch(`${url}/api/v2/alerts?active=true`);
    const found = (await active.json()) as { labels: { alertname: string } }[];
    return found.map(({ labels }) => labels.alertname);
  });
}
