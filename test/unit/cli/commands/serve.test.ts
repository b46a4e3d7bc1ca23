import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { workspace } from "../test-io.ts";

/** Starts `waggle serve` on a free port, and gives its address once it listens. */
async function served(cli: ReturnType<typeof workspace>, ...options: string[]) {
  const run = cli.start(["serve", "--port", "0", "--json", ...options]);
  await run.stdout.contains("\n");
  const { url } = JSON.parse(run.stdout.text);
  return { url: String(url), run };
}

test("serve serves the bus of the folder until it is interrupted, and exits with 0", async () => {
  const cli = workspace();
  const { url, run } = await served(cli);
  const published = await fetch(`${url}/v1/events`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"type":"custom.greeted","data":{}}',
  });
  expect(published.status).toBe(200);
  run.interrupt("SIGTERM");
  expect(await run.ended).toMatchObject({ code: 0, err: "" });
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  const { json } = await cli.waggle(["history", "--json"]);
  expect(json).toMatchObject([{ type: "custom.greeted", source: "waggle-http" }]);
});

test("serve says where it listens, and which port is taken", async () => {
  const cli = workspace();
  const { url, run } = await served(cli);
  const port = new URL(url).port;
  const second = await cli.waggle(["serve", "--port", port]);
  expect(second.code).toBe(1);
  expect(second.err).toContain(`port ${port} of 127.0.0.1 is in use`);
  run.interrupt();
  await run.ended;
  const third = cli.start(["serve", "--port", "0"]);
  await third.stdout.contains("serving on http://127.0.0.1:");
  third.interrupt();
  await third.ended;
});

test("webhooks go to private addresses, and streams bring deltas, as the options say", async () => {
  const answers = async (...options: string[]) => {
    const cli = workspace();
    const { url, run } = await served(cli, ...options);
    const put = async (path: string, body: object) =>
      (
        await fetch(url + path, {
          method: "PUT",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        })
      ).status;
    const subscribed = await put("/v1/subscriptions/readers", { on: "custom.*" });
    const webhook = await put("/v1/subscriptions/readers/webhook", { url: "http://127.0.0.1:1/" });
    const ending = new AbortController();
    const deltas = (await fetch(`${url}/v1/tail?deltas=1`, { signal: ending.signal })).status;
    ending.abort();
    run.interrupt();
    await run.ended;
    return { subscribed, webhook, deltas };
  };
  expect(await answers()).toEqual({ subscribed: 200, webhook: 400, deltas: 200 });
  expect(await answers("--allow-private-webhooks", "--no-deltas")).toEqual({
    subscribed: 200,
    webhook: 200,
    deltas: 400,
  });
});

test("a token is shown once, kept as a hash, listed and revoked; a running server sees it at once", async () => {
  const cli = workspace();
  const { url, run } = await served(cli, "--require-token");
  const status = async (token?: string) =>
    (await fetch(`${url}/v1/stats`, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }))
      .status;
  expect(await status()).toBe(401);
  const created = await cli.waggle(["token", "create", "--role", "subscribe", "--expires", "1d"]);
  expect(created.code).toBe(0);
  const token = created.out.trim();
  expect(token).toMatch(/^wgl_[0-9a-f]{12}_[\w-]{43}$/);
  expect(await status(token)).toBe(200);
  const file = join(cli.cwd, ".waggle/tokens.json");
  expect(readFileSync(file, "utf8")).not.toContain(token.slice(17));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const { json } = await cli.waggle(["token", "list", "--json"]);
  expect(json).toEqual([
    { id: token.slice(4, 16), roles: ["subscribe"], createdAt: expect.any(String), expiresAt: expect.any(String) },
  ]);
  expect((await cli.waggle(["token"])).out).toContain(token.slice(4, 16));
  expect((await cli.waggle(["token", "revoke", token.slice(4, 16)])).out).toContain("revoked");
  expect(await status(token)).toBe(401);
  expect((await cli.waggle(["token", "revoke", token.slice(4, 16)])).code).toBe(1);
  run.interrupt();
  await run.ended;
});

test.each([
  [["--role", "admin"], "--role must be publish, subscribe, operate"],
  [["--role", "publish", "--expires", "soon"], "--expires"],
  [["--role", "publish", "--expires", "2020-01-01T00:00:00Z"], "is past"],
  [["--role", "publish", "--types", "Task Created"], "--types"],
])("token create %j is refused", async (options, message) => {
  const { waggle } = workspace();
  const { code, err } = await waggle(["token", "create", ...options]);
  expect(code).toBe(1);
  expect(err).toContain(message);
});
