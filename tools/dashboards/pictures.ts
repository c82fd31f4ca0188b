import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PlatformDashboard } from "../../components/monitoring/dashboards/index.ts";
import { openBrowser } from "./browser.ts";
import { page as pageOf } from "./page.ts";
import type { DashboardData } from "./panelData.ts";

/** Saves each dashboard as it looks now, `dashboard-<uid>.png`, and returns the files. */
export async function savePictures(
  boards: readonly DashboardData[],
  folder: string,
): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const browser = await openBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 1432, height: 300 } });
    const files: string[] = [];
    for (const data of boards) {
      await page.setContent(pageOf(data));
      const path = join(folder, `dashboard-${data.board.uid.replace(/^mlops-/, "")}.png`);
      await page.screenshot({ path, fullPage: true });
      files.push(path);
    }
    return files;
  } finally {
    await browser.close();
  }
}

/** Writes each dashboard's JSON for an import into another Grafana, and returns the files. */
export function saveJson(boards: readonly PlatformDashboard[], folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  return boards.map(({ uid, json }) => {
    const path = join(folder, `${uid}.json`);
    writeFileSync(path, json);
    return path;
  });
}
