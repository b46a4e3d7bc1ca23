import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { findChromium, startBrowser } from "../support/chromium.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { serve } from "../unit/server/serve.ts";
import { startCutProxy } from "./cut-proxy.ts";
import { servePage } from "./page-server.ts";

const found = await findChromium();
let browser: Browser;
beforeAll(async () => {
  if (found.missing === undefined) browser = await startBrowser(found);
});
afterAll(() => browser?.close());
const inBrowser = test.skipIf(found.missing);

/** What the pages have: a client of the bus that the address of the page names. */
const usesClient = `
import { createClient } from "wagglebus/browser";
const [url, token] = decodeURIComponent(location.hash.slice(1)).split(" ");
const client = createClient({ url, ...(token && { token }) });
`;

/** Follows into \`seen\`, and publishes. */
const follower = `${usesClient}
globalThis.seen = [];
globalThis.connections = [];
globalThis.publish = (n) => client.publish({ type: "custom.n", data: { n } }).then(({ id }) => id, ({ code }) => code);
globalThis.follow = async () => {
  for await (const { data } of client.tail({ type: "custom.n" }, { onConnection: (is) => connections.push(is) })) seen.push(data.n);
};
`;

async function open(script: string, hash: (origin: string) => Promise<string>): Promise<Page> {
  const pages = await servePage(script);
  const page = await browser.newPage();
  onTestFinished(async () => {
    await page.close();
    await pages.close();
  });
  page.setDefaultTimeout(60_000);
  await page.goto(`${pages.origin}/#${encodeURIComponent(await hash(pages.origin))}`);
  return page;
}

/** Numbers, as the page has them. */
const seenBy = (page: Page) => page.evaluate<number[]>("seen");

inBrowser(
  "a page of a listed origin publishes, follows, and goes on without a gap over lost connections and another server",
  async () => {
    const { path, remove } = await temporaryDirectory();
    const proxy = await startCutProxy();
    onTestFinished(async () => {
      await proxy.close();
      await remove();
    });
    const bus = { engine: "embedded", file: join(path, "bus.db") } as const;
    let listed = "";
    const page = await open(follower, async (origin) => {
      listed = origin;
      return proxy.url;
    });
    const first = await serve({ origins: [listed], heartbeatMs: 50 }, bus);
    proxy.lead(first.server.port);
    await page.evaluate("void follow()");
    await page.waitForFunction("connections.at(-1) === true");
    const id = await page.evaluate<string>("publish(0)");
    expect(await first.bus.history.get(id)).toMatchObject({ data: { n: 0 } });
    await page.waitForFunction("seen.length === 1");

    // The network is gone, and the bus goes on.
    proxy.cut();
    await page.waitForFunction("connections.at(-1) === false");
    for (const n of [1, 2]) await first.bus.publish({ type: "custom.n", data: { n } });
    expect(await page.evaluate<string>("publish(9)")).toBe("unavailable");
    proxy.lead(first.server.port);
    await page.waitForFunction("seen.length === 3");

    // The server ends, and another one takes over its bus.
    proxy.cut();
    await first.server.close();
    const second = await serve({ origins: [listed], heartbeatMs: 50 }, bus);
    await second.bus.publish({ type: "custom.n", data: { n: 3 } });
    proxy.lead(second.server.port);
    await page.waitForFunction("seen.length === 4");
    await page.evaluate("publish(4)");
    await page.waitForFunction("seen.length === 5");
    expect(await seenBy(page)).toEqual([0, 1, 2, 3, 4]);
  },
);

inBrowser("a page whose origin is not listed can neither publish nor read", async () => {
  const { bus, url } = await serve();
  const page = await open(follower, async () => url);
  expect(await page.evaluate<string>("publish(1)")).toBe("unavailable");
  // What a form sends without asking first reaches the server, and is refused there.
  const body = '{"type":"custom.n","data":{}}';
  await page.evaluate(
    `fetch(${JSON.stringify(`${url}/v1/events`)}, { method: "POST", mode: "no-cors", body: ${JSON.stringify(body)} })`,
  );
  const read = `fetch(${JSON.stringify(`${url}/v1/events`)}).then(() => "read", () => "kept from it")`;
  expect(await page.evaluate<string>(read)).toBe("kept from it");
  expect((await bus.history.query({})).events).toEqual([]);
});

inBrowser("the React hook of the docs shows events as they come, and follows no more once it is gone", async () => {
  const docs = await readFile(new URL("../../docs/http/browser.md", import.meta.url), "utf8");
  const [, hook] = /## React\n\n```js\n([\s\S]*?)\n```/.exec(docs) ?? [];
  const app = `${hook?.replaceAll("export ", "")}
${usesClient}
import { createRoot } from "react-dom/client";
const filter = { type: "custom.n" };
function Events() {
  return <ol>{useEvents(client, filter, 2).map(({ id, data }) => <li key={id}>{data.n}</li>)}</ol>;
}
const root = createRoot(document.body.appendChild(document.createElement("main")));
root.render(<Events />);
globalThis.unmount = () => root.unmount();
`;
  let listed = "";
  const proxy = await startCutProxy();
  onTestFinished(() => proxy.close());
  const page = await open(`import React from "react";\n${app}`, async (origin) => {
    listed = origin;
    return proxy.url;
  });
  const { bus, server } = await serve({ origins: [listed], heartbeatMs: 50 });
  proxy.lead(server.port);
  let n = 0;
  // It follows from the moment that it is connected, which it does not say.
  await expect
    .poll(async () => {
      await bus.publish({ type: "custom.n", data: { n } });
      n += 1;
      return page.locator("li").count();
    })
    .toBe(2);
  await bus.publish({ type: "custom.n", data: { n: "last" } });
  await page.waitForFunction("document.querySelector('li:last-child')?.textContent === 'last'");
  expect(await page.locator("li").allTextContents()).toEqual([String(n - 1), "last"]);
  expect(proxy.connections).toBeGreaterThan(0);
  await page.evaluate("unmount()");
  await expect.poll(() => proxy.connections).toBe(0);
});
