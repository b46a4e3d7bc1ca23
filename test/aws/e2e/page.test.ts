import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { found, newPage, useBrowser } from "../../page/page-rig.ts";
import { serve } from "../../unit/server/serve.ts";
import { busName, patience } from "./settings.ts";

useBrowser();

test.skipIf(found.missing !== undefined)(
  "the page shows a deployed bus: a flow that failed and why, and redrives its dead letter",
  async () => {
    const { bus, url } = await serve({}, { engine: "aws", bus: busName, source: "page" });
    const page = await newPage();
    page.setDefaultTimeout(patience);
    const correlationId = randomUUID();
    const metadata = { correlationId };
    await bus.publish({ type: "custom.e2e.broken", data: {}, metadata });
    const where = { metadata: { correlationId: [correlationId] } };
    const letter = async () => (await bus.deadLetters.list({ correlationId })).deadLetters[0];
    await expect.poll(letter, { timeout: patience, interval: 500 }).toBeDefined();
    await page.goto(`${url}/flows/${correlationId}`);
    await page.getByText("the document is broken").first().waitFor();
    await page.getByRole("link", { name: /Redrive or discard/ }).click();
    await page.getByRole("checkbox", { name: /^Select custom\.e2e\.broken/ }).check();
    await page.getByRole("button", { name: "Redrive selected" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Redrive 1 dead letter" }).click();
    await page.getByText("1 dead letter was redriven.").waitFor();
    await bus.waitFor({ on: "custom.e2e.fixed", where }, { since: new Date(0), timeout: patience });
    expect(await letter()).toBeUndefined();
    await page.goto(`${url}/subscriptions`);
    await page.getByRole("row", { name: /^fragile/ }).waitFor();
    await page.goto(`${url}/alerts`);
    await page.getByRole("heading", { name: "Alerts" }).waitFor();
  },
  4 * patience,
);
