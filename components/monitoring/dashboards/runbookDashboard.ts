import { runbookNames, runbookPath } from "../runbookLinks.ts";
import { runbooks } from "../runbookTexts.ts";
import { dashboard } from "./layout.ts";
import { text } from "./panels.ts";
import type { Dashboard } from "./shapes.ts";

/** What to do about each alert. Notifications link here, because everyone who gets them can open it. */
export const runbookPages = (): Dashboard =>
  dashboard("runbooks", {
    description: "What each alert means, how to find its cause and how to fix it.",
    rows: runbookNames.map((alert) => ({
      tiles: [
        text({
          title: alert,
          description: `What the alert ${alert} means, how to find its cause and how to fix it.`,
          width: 24,
          height: 16,
          markdown: linked(runbooks[alert]!),
        }),
      ],
    })),
  });

/** Links to other runbooks lead to their panels; what they lead to elsewhere in the documentation is not here. */
const linked = (page: string) =>
  page
    .replace(/^# .*\n+/, "")
    .replaceAll(/\]\((\w+)\.md\)/g, (_, alert: string) => `](${runbookPath(alert)})`)
    .replaceAll(/\[([^\]]+)\]\(\.\.[^)]*\)/g, "$1");
