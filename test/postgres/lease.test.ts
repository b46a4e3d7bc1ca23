import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterEach, expect, inject, test } from "vitest";
import { connect } from "../../lib/index.ts";
import { type PostgresPool, postgresEngine } from "../../lib/postgres-entry.ts";
import { eventually } from "../support/eventually.ts";

const url = inject("postgresUrl");
const schema = `lease_${randomBytes(4).toString("hex")}`;

const pools: pg.Pool[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.end()));
});

/** A pool that can be cut off, as a machine is that has lost its network. */
function cuttable(): { pool: PostgresPool; cut: (isCut: boolean) => void } {
  const own = new pg.Pool({ connectionString: url });
  pools.push(own);
  let isCut = false;
  const check = () => {
    if (isCut) throw Object.assign(new Error("connect ETIMEDOUT"), { code: "ETIMEDOUT" });
  };
  return {
    pool: {
      query: async (statement) => {
        check();
        return own.query(statement);
      },
      connect: async () => {
        check();
        return own.connect();
      },
      end: () => own.end(),
    },
    cut: (value) => {
      isCut = value;
    },
  };
}

test("without a connection for notifications processes poll, and all of it works", async () => {
  const open = () => connect({ engine: postgresEngine({ url, schema, listenUrl: false }), source: "test" });
  const [one, other] = await Promise.all([open(), open()]);
  const type = "custom.polled";
  const handled: string[] = [];
  const subscriber = await one.subscribe({ name: "polled", on: type }, ({ id }) => handled.push(id));
  // Without `since` it begins when the server answers, which may be after what another process publishes meanwhile.
  const before = await other.publish({ type: "custom.before", data: {} });
  const waiting = one.waitFor(type, { since: before });
  const event = await other.publish({ type, data: {} });
  expect((await waiting).id).toBe(event.id);
  await eventually("it is handled", () => handled.includes(event.id));
  await subscriber.close();
  await Promise.all([one.close(), other.close()]);
});

test("a process that gives no sign of life for longer than its lease is overtaken, and told so when it settles", async () => {
  const type = "custom.leased";
  const { pool, cut } = cuttable();
  const errors: { code: string; message: string }[] = [];
  const lost = await connect({
    engine: postgresEngine({ pool, schema, listenUrl: false, lease: "1s" }),
    source: "test",
    grace: 1,
    onError: (error) => errors.push(error),
  });
  const gate = Promise.withResolvers<void>();
  const attempts: number[] = [];
  const subscription = { name: "leased", on: type, backoff: { from: 1, to: 2 } } as const;
  const first = async (_: unknown, { attempt }: { attempt: number }) => {
    attempts.push(attempt);
    await gate.promise;
  };
  await lost.subscribe(subscription, first, { shared: true });
  const event = await lost.publish({ type, data: {} });
  await eventually("it runs", () => attempts.length === 1);
  cut(true);
  // With the lease that it has by default: it is not to be overtaken itself, however busy the machine.
  const other = await connect({ engine: postgresEngine({ url, schema, listenUrl: false }), source: "test" });
  const second = (_: unknown, { attempt }: { attempt: number }) => void attempts.push(attempt);
  await other.subscribe(subscription, second, { shared: true });
  await eventually("it is overtaken", () => attempts.length === 2, 20_000);
  await other.settled(event.id);
  expect(attempts).toEqual([1, 2]);
  cut(false);
  gate.resolve();
  await eventually("it is told", () => errors.some(({ code }) => code === "conflict"));
  expect(errors.find(({ code }) => code === "conflict")?.message).toContain(`attempt 1 of event ${event.id}`);
  // It goes on by another number.
  const next = await other.publish({ type, data: {} });
  await other.settled(next.id);
  expect(attempts).toEqual([1, 2, 1]);
  await Promise.all([lost.close(), other.close()]);
});
