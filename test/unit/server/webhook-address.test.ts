import { describe, expect, test } from "vitest";
import { isPublicAddress, type Resolve } from "../../../lib/server/webhooks/address.ts";
import { retryAfterMs } from "../../../lib/server/webhooks/post.ts";
import { receiver } from "./webhook-receiver.ts";
import { event, path, state, withReaders } from "./webhook-rig.ts";

describe("addresses", () => {
  test.each([
    ["https://127.0.0.1/", "127.0.0.1"],
    ["https://2130706433/", "127.0.0.1"],
    ["https://0x7f.1/", "127.0.0.1"],
    ["https://0/", "0.0.0.0"],
    ["https://[::1]/", "::1"],
    ["https://[::ffff:10.0.0.1]/", "::ffff:a00:1"],
    ["https://169.254.169.254/latest/meta-data", "169.254.169.254"],
    ["https://localhost/", "127.0.0.1"],
    ["https://rebound.example/", "10.0.0.7"],
    ["https://mixed.example/", "10.0.0.8"],
  ])("%s is not sent to", async (url, address) => {
    const resolve: Resolve = (name, _, done) => {
      const known: Record<string, string[]> = {
        localhost: ["127.0.0.1"],
        "rebound.example": ["10.0.0.7"],
        "mixed.example": ["93.184.215.14", "10.0.0.8"],
      };
      done(
        null,
        (known[name] ?? []).map((one) => ({ address: one, family: 4 })),
      );
    };
    const served = await withReaders({}, { allowPrivateWebhooks: false, resolveWebhooks: resolve });
    const { json, status } = await served.send("PUT", path, { url });
    expect({ status, code: json.code }).toEqual({ status: 400, code: "invalid_config" });
    expect(json.detail).toContain(address);
  });

  test("a name that means another address after it was put is not connected to", async () => {
    const { port, count } = await receiver();
    let address = "93.184.215.14";
    const asked: string[] = [];
    const resolve: Resolve = (name, _, done) => {
      asked.push(name);
      done(null, [{ address, family: 4 }]);
    };
    const served = await withReaders({ attempts: 1 }, { allowPrivateWebhooks: false, resolveWebhooks: resolve });
    expect((await served.send("PUT", path, { url: `https://hook.example:${port}/` })).status).toBe(200);
    address = "127.0.0.1";
    await served.bus.publish(event);
    await expect.poll(() => state(served)).toMatchObject({ deadLetters: 1 });
    const { deadLetters } = await served.bus.deadLetters.list();
    expect(deadLetters[0]?.reason.message).toContain("hook.example is 127.0.0.1, which is not a public address");
    expect(asked).toEqual(["hook.example", "hook.example"]);
    expect(count()).toBe(0);
  });

  test("which are public", () => {
    const open = [
      "1.1.1.1",
      "93.184.215.14",
      "172.15.0.1",
      "172.32.0.1",
      "223.255.255.1",
      "2606:4700::1111",
      "2a00::1",
    ];
    const closed = [
      ...["0.0.0.0", "10.1.2.3", "100.64.0.1", "127.255.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255"],
      ...["192.168.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"],
      ...["::", "::1", "::ffff:1.1.1.1", "::1.1.1.1", "64:ff9b::1.1.1.1", "fc00::1", "fd00:ec2::254", "fe80::1"],
      ...["ff02::1", "2001:db8::1", "2001::1", "2002:7f00:1::", "4000::1", "localhost", ""],
    ];
    expect(open.filter((address) => !isPublicAddress(address))).toEqual([]);
    expect(closed.filter(isPublicAddress)).toEqual([]);
  });
});

test.each([
  ["0", 0],
  ["120", 120_000],
  [" 5 ", 5_000],
  ["Sat, 31 Jan 2026 12:00:30 GMT", 30_000],
  ["Sat, 31 Jan 2026 11:00:00 GMT", 0],
  ["5.5", undefined],
  ["-1", undefined],
  ["soon", undefined],
  ["", undefined],
  [undefined, undefined],
])("Retry-After %j is %j ms", (header, ms) => {
  expect(retryAfterMs(header, Date.parse("2026-01-31T12:00:00Z"))).toBe(ms);
});
