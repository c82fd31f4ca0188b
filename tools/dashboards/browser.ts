import { chromium, type Browser } from "playwright-core";
import { installPackages } from "../../local/support/debianPackages.ts";
import { UserError } from "../../local/support/errors.ts";
import { which } from "../../local/support/process.ts";

const programs = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** The machine's own browser, where it has one. */
export const findBrowser = (): string | undefined =>
  programs.map((program) => which(program)).find((path) => path !== undefined);

/** A headless browser: the machine's own, or Debian's, which is installed where that is allowed. */
export async function openBrowser(): Promise<Browser> {
  if (!findBrowser() && process.getuid?.() === 0 && which("apt-get")) {
    await installPackages(["chromium", "fonts-liberation"]);
  }
  const executablePath = findBrowser();
  if (!executablePath) {
    throw new UserError("no browser is installed; install one, e.g. `apt-get install chromium`");
  }
  const isRoot = process.getuid?.() === 0;
  return await chromium.launch({
    executablePath,
    args: ["--disable-dev-shm-usage", ...(isRoot ? ["--no-sandbox"] : [])],
  });
}
