import { expect, onTestFinished, test } from "vitest";
import { openBusOnEngine } from "../../lib/connect/index.ts";
import { TokenFile } from "../../lib/server/access/token-file.ts";
import { createToken } from "../../lib/server/access/tokens.ts";
import { startServer } from "../../lib/server/index.ts";
import type { AnyEvents } from "../../lib/server/served-bus.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { serve } from "../unit/server/serve.ts";
import { axeProblems, found, newPage, useBrowser } from "./page-rig.ts";

useBrowser();

test.skipIf(found.missing !== undefined)(
  "events appear as they come, filtered, with the pieces of a text joined",
  async () => {
    const { bus, url } = await serve();
    await bus.publish({ type: "custom.before", data: { n: 0 } });
    const page = await newPage();
    await page.goto(`${url}/live`);
    await page.getByRole("cell", { name: "custom.before" }).waitFor();
    await bus.publish({ type: "custom.one", data: { n: 1 } });
    await page.getByRole("cell", { name: "custom.one" }).waitFor();
    for (const content of ["Once ", "upon ", "a time"]) {
      await bus.publish({ type: "llm.text.delta", data: { content }, metadata: { streamId: "s1" } });
    }
    await page.getByText("Once upon a time").waitFor();
    await page.getByRole("cell", { name: "3 pieces" }).waitFor();
    await page.getByLabel("Type").fill("*.two");
    await page.getByRole("button", { name: "Filter" }).click();
    await page.getByText("No event yet that this filter selects.").waitFor();
    await bus.publish({ type: "custom.other", data: {} });
    await bus.publish({ type: "custom.two", data: {} });
    await page.getByRole("cell", { name: "custom.two" }).waitFor();
    expect(await page.getByRole("cell", { name: "custom.other" }).count()).toBe(0);
    expect(new URL(page.url()).search).toBe("?type=*.two");
  },
);

test.skipIf(found.missing !== undefined)(
  "paused, the view stands still and counts; the DOM holds a bounded number of rows",
  async () => {
    const { bus, url } = await serve();
    const page = await newPage();
    await page.goto(`${url}/live`);
    await page.locator(".server .good").waitFor();
    await bus.publish({ type: "custom.first", data: {} });
    await page.getByRole("cell", { name: "custom.first" }).waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    const drafts = Array.from({ length: 500 }, (_, n) => ({ type: "custom.more" as const, data: { n } }));
    await bus.publishAll(drafts);
    await page.getByText("Paused; 500 events came since").waitFor();
    expect(await page.getByRole("cell", { name: "custom.more" }).count()).toBe(0);
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByText('{"n":499}').waitFor();
    expect(await page.locator("tbody tr").count()).toBe(200);
  },
);

test.skipIf(found.missing !== undefined)(
  "where what came before cannot be had, that is said, and the stream goes on",
  async () => {
    const { bus, url } = await serve();
    const page = await newPage();
    const detail = "the store is busy";
    const json = { status: 503, title: "unavailable", code: "unavailable", detail, retryable: true, details: {} };
    await page.route("**/v1/events?*", (request) => request.fulfill({ status: 503, json }));
    await page.goto(`${url}/live`);
    await page.getByRole("alert").getByText("What came before cannot be shown.").waitFor();
    await bus.publish({ type: "custom.later", data: {} });
    await page.getByRole("cell", { name: "custom.later" }).waitFor();
  },
);

test.skipIf(found.missing !== undefined)(
  "a server that is gone is said to be, and one that is back is shown again",
  async () => {
    const served = await openBusOnEngine<AnyEvents>({ engine: "memory", source: "test", logLevel: "silent" });
    const first = await startServer(served, { port: 0 });
    const page = await newPage();
    await page.goto(`${first.url}/subscriptions`);
    await page.locator(".server .good").waitFor();
    await first.close();
    await page.getByText("The server cannot be reached.").waitFor();
    const again = await startServer(served, { port: first.port });
    onTestFinished(async () => {
      await again.close();
      await served.bus.close();
    });
    await page.locator(".server .good").waitFor();
    await served.bus.subscribe({ name: "newcomer", on: "*" }, () => {});
    await page.getByRole("rowheader", { name: "newcomer" }).waitFor();
  },
);

test.skipIf(found.missing !== undefined)(
  "what the server does not answer any more is said to be old, until it does",
  async () => {
    const { bus, url } = await serve();
    const page = await newPage();
    await page.goto(`${url}/subscriptions`);
    await page.locator(".server .good").waitFor();
    const detail = "the store is busy";
    const json = { status: 503, title: "unavailable", code: "unavailable", detail, retryable: true, details: {} };
    await page.route(/\/v1\/subscriptions\?/, (request) => request.fulfill({ status: 503, json }));
    await page.getByText(`What you see is not up to date: ${detail}`).waitFor();
    await bus.subscribe({ name: "newcomer", on: "*" }, () => {});
    await page.unroute(/\/v1\/subscriptions\?/);
    await page.getByRole("rowheader", { name: "newcomer" }).waitFor();
    await page.locator(".server .good").waitFor();
  },
);

test.skipIf(found.missing !== undefined)(
  "a server that needs a token is asked for with one, which stays in the tab",
  async () => {
    const { path, remove } = await temporaryDirectory();
    onTestFinished(remove);
    const file = new TokenFile(`${path}/tokens.json`);
    const now = Date.now();
    const create = async (roles: ("publish" | "subscribe" | "operate")[]) => {
      const { stored, text } = createToken({ roles }, { now, expiresAt: now + 600_000 });
      await file.add(stored, now);
      return { id: stored.id, text };
    };
    const publisher = await create(["publish"]);
    const reader = await create(["subscribe"]);
    const operator = await create(["operate"]);
    const { bus, url } = await serve({ needsToken: true, tokenFile: file.path });
    await bus.publish({ type: "custom.secret", data: {} });
    const page = await newPage();
    await page.goto(`${url}/live`);
    await page.getByRole("heading", { name: "This server needs a token" }).waitFor();
    expect(await axeProblems(page)).toEqual([]);
    await page.getByLabel("Token").fill("wgl_wrong");
    await page.getByRole("button", { name: "Use the token" }).click();
    await page.getByText("The token was refused.").waitFor();
    await page.getByLabel("Token").fill(publisher.text);
    await page.getByRole("button", { name: "Use the token" }).click();
    // The server answers: it only refuses.
    await page.getByRole("alert").getByText("this needs the role subscribe").waitFor();
    expect(await page.locator(".server").textContent()).toContain("connected");
    await page.getByRole("button", { name: "Token", exact: true }).click();
    await page.getByLabel("Token").fill(reader.text);
    await page.getByRole("button", { name: "Use the token" }).click();
    await page.getByRole("cell", { name: "custom.secret" }).waitFor();
    // It may read, and no more.
    await page.getByRole("link", { name: "Dead letters" }).click();
    await page.getByRole("alert").getByText("this needs the role operate").waitFor();
    await page.getByRole("button", { name: "Token" }).click();
    await page.getByLabel("Token").fill(operator.text);
    await page.getByRole("button", { name: "Use the token" }).click();
    await page.getByText("No dead letter.").waitFor();
    expect(await page.evaluate("[localStorage.length, document.cookie]")).toEqual([0, ""]);
    // Kept for this tab, over a reload; revoked, the page asks anew.
    await page.reload();
    await page.getByText("No dead letter.").waitFor();
    await file.remove(operator.id);
    await page.getByText("The token was refused.").waitFor();
  },
);
