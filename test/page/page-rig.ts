import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import { findChromium, startBrowser } from "../support/chromium.ts";

/** Where Chromium is: a file skips its tests where there is none. */
export const found = await findChromium();

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let browser: Browser;

/** Has a test file use one browser. */
export function useBrowser(): void {
  beforeAll(async () => {
    if (found.missing === undefined) browser = await startBrowser(found);
  });
  afterAll(async () => {
    await browser?.close();
  });
}

/** A page of a new visitor. A test fails where the page has an error, or does what its policy forbids. */
export async function newPage(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    // A server that is away, or refuses, is a matter of the page's own words.
    if (message.type() === "error" && !/Failed to load resource/.test(message.text())) errors.push(message.text());
  });
  onTestFinished(async () => {
    await context.close();
    expect(errors).toEqual([]);
  });
  return page;
}

/** What axe has to say against a page: nothing, for one that everybody can use. */
export async function axeProblems(page: Page): Promise<string[]> {
  // Through the protocol: the page's own policy does not let a script in.
  await page.evaluate(axe);
  const violations = await page.evaluate(
    `axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
      violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html, failureSummary }) => html.slice(0, 200) + " " + failureSummary).join("; ")))`,
  );
  return Array.isArray(violations) ? violations.map(String) : ["axe gave nothing"];
}
