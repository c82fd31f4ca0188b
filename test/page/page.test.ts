import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import { checkoutRoot } from "../../local/support/cache.ts";
import { openBrowser } from "../../tools/dashboards/browser.ts";
import { savePagePictures } from "../../tools/dashboards/pagePictures.ts";
import { environment } from "../support/pythonEnvironment.ts";

const showcase = join(checkoutRoot, "apps/predict/tests/showcase.py");

// the first visitor of a page on a busy machine waits long for its scripts
jest.setTimeout(150_000);

let program: ChildProcess;
let address: string;
let browser: Browser;
let context: BrowserContext;
let page: Page;
/** What the browser asked of other servers than the page's. */
const elsewhere: string[] = [];

beforeAll(async () => {
  program = spawn(await environment("predict"), [showcase], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: program.stdout! });
  address = await new Promise((resolve, reject) => {
    lines.once("line", resolve);
    program.once("exit", () => reject(new Error("the page did not start")));
  });
  browser = await openBrowser();
}, 180_000);

afterAll(async () => {
  await browser?.close();
  program?.stdin?.end();
});

beforeEach(async () => {
  context = await browser.newContext({ locale: "de-DE" });
  page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on("request", (request) => {
    if (!request.url().startsWith(address) && !request.url().startsWith("data:")) {
      elsewhere.push(request.url());
    }
  });
});

afterEach(() => context.close());

const heading = (name: string) => page.getByRole("heading", { name, level: 1 }).waitFor();
const predict = () => page.getByRole("button", { name: "Predict", exact: true }).click();

async function open(model: string): Promise<void> {
  await page.goto(`${address}/?model=${model}`);
  await page.getByRole("button", { name: "Predict", exact: true }).waitFor();
}

/** The page draws its elements one after the other, and loads the code of some of them first. */
async function shows(count: number, found: Locator): Promise<void> {
  await found.nth(count - 1).waitFor();
  expect(await found.count()).toBe(count);
}

async function type(label: string, text: string): Promise<void> {
  const field = page.getByRole("textbox", { name: label, exact: true });
  await field.click();
  await field.press("ControlOrMeta+A");
  await field.press("Backspace");
  await field.pressSequentially(text);
  await field.press("Tab");
}

test("a decimal comma is accepted in a field", async () => {
  await open("diabetes-progression");
  await type("bmi", "31,5");
  await predict();
  await page.getByText("184.50").waitFor();
});

test("a required field that is cleared is reported", async () => {
  await open("diabetes-progression");
  await type("bmi", "");
  await predict();
  await page.getByText("bmi: the value is missing.").waitFor();

  await open("churn");
  await page.getByRole("button", { name: /clear/i }).first().click();
  await predict();
  await page.getByText("since: the value is missing.").waitFor();
});

test("JSON that does not fit its column is refused, and what fits is predicted with probabilities", async () => {
  await open("churn");
  await type("usage", '{"calls": "many"}');
  await predict();
  await page.getByText('usage: the value needs a whole number at calls, not "many".').waitFor();
  await type("usage", '{"calls": 3}');
  await predict();
  await page.getByText("stays: 76.1%").waitFor();
  await page.getByText("Answered by churn version 12 (live).").waitFor();
});

test("front page, picker and address lead to the same model", async () => {
  await page.goto(address);
  await heading("Services");
  await page.getByTestId("stMain").getByText("version 12").first().waitFor();
  await page.getByTestId("stMain").getByRole("button", { name: "Open" }).nth(1).click();
  await heading("Churn");
  expect(new URL(page.url()).searchParams.get("model")).toBe("churn");
  await page.getByRole("combobox", { name: "Model" }).click();
  await page.getByRole("option", { name: "Digits" }).click();
  await heading("Digits");
  expect(new URL(page.url()).searchParams.get("model")).toBe("digits");
});

test("the front page lists every service with its current state", async () => {
  await page.goto(address);
  await heading("Services");
  const card = (name: string) =>
    page
      .getByTestId("stMain")
      .getByTestId("stVerticalBlock")
      .filter({ has: page.getByText(name, { exact: true }) })
      .last();
  await card("Grafana").getByText("It cannot be reached.").waitFor();
  await card("MLflow").getByText("Healthy").waitFor();
  await card("Prediction page").getByText("version 9a8b7c6d5e4f").waitFor();
  await card("Prometheus").getByText("npm run connect").waitFor();
  await card("Alertmanager").getByText("Unknown").waitFor();
  await card("Hangs").getByText("Server unavailable").waitFor();
  await shows(5, page.getByText("owner platform@example.org"));
  await shows(2, page.getByRole("link", { name: "Open" }));
});

test("a model that is added appears on the front page of a visitor who does nothing", async () => {
  await page.goto(address);
  await heading("Services");
  program.stdin!.write("added-later\n");
  await page.getByText("Added later", { exact: true }).waitFor();
});

test("a model server that hangs keeps no visitor from the other models", async () => {
  await page.goto(`${address}/?model=hangs`);
  await page.getByText(/has not answered yet|did not answer in time/).waitFor();
  await page.getByRole("combobox", { name: "Model" }).click();
  await page.getByRole("option", { name: "Churn" }).click();
  await heading("Churn");
  await predict();
  await page.getByText("stays: 76.1%").waitFor();
});

test("a file as Excel saves it in Europe comes back with decimal commas", async () => {
  await open("diabetes-progression");
  await page.getByRole("tab", { name: "Many from a CSV" }).click();
  const rows = "Name;age;sex;bmi;blood_pressure\r\nZürich;50;1;20,5;80\r\n;;;;\r\n";
  await page.locator("input[type=file]").setInputFiles({
    name: "kunden.csv",
    mimeType: "text/csv",
    buffer: Buffer.from(rows, "latin1"),
  });
  await page.getByText("in Windows-1252, separated by semicolons, with decimal commas").waitFor();
  await page.getByRole("button", { name: "Predict 1 row" }).click();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download the predictions" }).click();
  expect(readFileSync(await (await download).path(), "utf8")).toBe(
    "\ufeffName;age;sex;bmi;blood_pressure;prediction;model_version\r\n" +
      "Zürich;50;1;20,5;80;151,5;3\r\n",
  );
});

test("`npm run screenshots` takes pictures of the services and a prediction", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pictures-"));
  try {
    const files = await savePagePictures(address, "diabetes-progression", folder);
    // a PNG has its size at the beginning
    const sizes = files.map((file) => readFileSync(file)).map((png) => png.subarray(16, 24));
    expect(sizes.map((size) => size.readUInt32BE(0))).toEqual([1366, 1366]);
    expect(sizes[1]!.readUInt32BE(4)).toBe(800);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the page calls no other servers", () => expect(elsewhere).toEqual([]));
