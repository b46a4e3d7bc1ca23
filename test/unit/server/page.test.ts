import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { bundlePage } from "../../../lib/dashboard/bundle-page.ts";
import { pagePaths } from "../../../lib/dashboard/page-paths.ts";
import { sendRaw } from "./raw-request.ts";
import { serve } from "./serve.ts";

/** What a browser says of a request that opens a link of another site. */
const opened = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };

/** As it is: `fetch` says of itself how it fetches. */
async function statusOf(port: number, path: string, headers: Record<string, string>): Promise<number | undefined> {
  const lines = Object.entries({ host: `127.0.0.1:${port}`, connection: "close", ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return (await sendRaw(port, Buffer.from(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`)))?.status;
}

test.each(pagePaths.map((path) => path.replace(/\{\w+\}/, "a%2Fb")))("%s is answered with the page", async (path) => {
  const { get } = await serve({ needsToken: true });
  const { status, headers, text } = await get(path);
  expect(status).toBe(200);
  expect(headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(headers.get("content-security-policy")).toContain("default-src 'none'; script-src 'self'");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(text).toContain('<div id="app">');
});

test("what the page loads is named by its content, and kept for good", async () => {
  const { get, url } = await serve();
  const { text } = await get("/");
  const paths = [...text.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path = ""]) => path);
  expect(paths).toEqual([expect.stringMatching(/\.css$/), expect.stringMatching(/\.js$/)]);
  for (const path of paths) {
    const { status, headers, text: content } = await get(path, { "accept-encoding": "gzip" });
    expect(status).toBe(200);
    expect(headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(headers.get("content-encoding")).toBe("gzip");
    const plain = await fetch(url + path, { headers: { "accept-encoding": "identity" } });
    expect(plain.headers.get("content-encoding")).toBeNull();
    expect(await plain.text()).toBe(content);
  }
  const [path = ""] = paths;
  const codings: [accept: string, encoding: string | null][] = [
    ["gzip;q=0", null],
    ["gzip; q=0.000, *", null],
    ["*;q=0", null],
    ["br", null],
    ["gzip;q=none", null],
    ["br, GZIP;q=0.1", "gzip"],
    ["x-gzip", "gzip"],
    ["*", "gzip"],
  ];
  for (const [accept, encoding] of codings) {
    const { headers } = await get(path, { "accept-encoding": accept });
    expect([accept, headers.get("content-encoding")]).toEqual([accept, encoding]);
  }
  expect(await get("/assets/page-0.js")).toMatchObject({ status: 404, json: { code: "not_found" } });
});

test("a link on another site opens the page, and nothing of the bus", async () => {
  const { port } = (await serve()).server;
  expect(await statusOf(port, "/flows/a", opened)).toBe(200);
  expect(await statusOf(port, "/v1/events", opened)).toBe(403);
  expect(await statusOf(port, "/flows/a", { ...opened, "sec-fetch-dest": "iframe" })).toBe(403);
  expect(await statusOf(port, "/flows/a", { ...opened, "sec-fetch-mode": "no-cors" })).toBe(403);
  expect(await statusOf(port, "/flows/a", { ...opened, host: "evil.example" })).toBe(421);
});

test("the page is only read", async () => {
  const { request } = await serve();
  const put = await request("PUT", "/live");
  expect(put).toMatchObject({ status: 405, json: { code: "method_not_allowed" } });
  expect(put.headers.get("allow")).toBe("GET");
  expect((await request("PUT", "/")).headers.get("allow")).toBe("GET, POST");
});

test("the page has less than 150 KB, compressed", async () => {
  const files = Object.values(await bundlePage());
  expect(files.every((text) => text.length > 200)).toBe(true);
  expect(files.reduce((sum, text) => sum + gzipSync(text).length, 0)).toBeLessThan(150 * 1024);
});
