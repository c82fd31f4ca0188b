import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { checkoutRoot } from "../../local/support/cache.ts";
import { run } from "../../local/support/process.ts";
import { openBrowser } from "../../tools/dashboards/browser.ts";
import { freePort } from "../support/listening.ts";

// The documentation as a site: built as for a release, and read in a browser.

const site = join(checkoutRoot, "site");
const vitepress = join(site, "node_modules", "vitepress", "bin", "vitepress.js");

jest.setTimeout(60_000);

const printed: string[] = [];
const errors: string[] = [];
let server: ChildProcess;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  await run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: site });
  await run(process.execPath, [vitepress, "build"], {
    cwd: site,
    onLine: (line) => printed.push(line),
  });
  const port = String(await freePort());
  server = spawn(process.execPath, [vitepress, "preview", "--port", port], {
    cwd: site,
    stdio: "ignore",
  });
  browser = await openBrowser();
  page = await browser.newPage({ baseURL: `http://localhost:${port}` });
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(error.message));
  await answers(port);
}, 600_000);

async function answers(port: string) {
  for (;;) {
    const reply = await fetch(`http://localhost:${port}/`).catch(() => undefined);
    if (reply?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

afterAll(async () => {
  await browser?.close();
  server?.kill();
});
afterEach(() => expect(errors.splice(0)).toEqual([]));

test("it builds without a warning", () => {
  expect(printed.filter((line) => /warn|dead link|\(!\)|not loaded/i.test(line))).toEqual([]);
  expect(printed.join("\n")).toContain("build complete");
});

test("it opens on the README, with its pictures, and leads to every page", async () => {
  await page.goto("/");
  await page.getByRole("heading", { name: "MLOps platform", level: 1 }).waitFor();
  const widths = await page.evaluate<number[]>(
    "Promise.all([...document.querySelectorAll('main img')].map((image) => image.decode().then(() => image.naturalWidth)))",
  );
  expect(widths.length).toBeGreaterThan(1);
  expect(Math.min(...widths)).toBeGreaterThan(0);
  await page.getByText("How-to guides").click();
  await page.getByRole("link", { name: "Add your own model", exact: true }).first().click();
  await page.waitForURL("**/docs/how-to/add-a-model");
});

test("it has a dark mode", async () => {
  await page.goto("/docs/reference/settings");
  const background = "getComputedStyle(document.body).backgroundColor";
  const light = await page.evaluate(background);
  await page.locator(".VPNavBarAppearance button").click();
  await page.waitForFunction(`${background} !== ${JSON.stringify(light)}`);
});

test.each([
  ["promote by alias", "add-a-model"],
  ["air gap", "air-gap"],
  ["restore", "back-up-and-restore"],
  ["GPU", "trainingJob"],
  ["dataStores", "minikube-with-gcp"],
  ["drift", "drift"],
  ["quota", "troubleshooting"],
  ["Open Inference Protocol", "model-server-http"],
  ["point in time", "point-in-time-recovery"],
  ["invite", "invite-a-colleague"],
])("its search for %s finds %s", async (term, path) => {
  await page.goto("/");
  await page.locator(".DocSearch-Button").click();
  await page.locator("#localsearch-input").fill(term);
  // the list changes until the whole term is there
  await page.locator(`.results > :nth-child(-n + 8) a[href*="/${path}"]`).first().waitFor();
});
