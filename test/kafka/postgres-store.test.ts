import { afterEach, describe, expect, test } from "vitest";
import { type Bus, connect, type Event } from "../../lib/index.ts";
import { PostgresServer } from "../postgres/support/server.ts";
import { eventually } from "../support/eventually.ts";
import { newPlace, noKafka, sharedBrokers } from "./support/open.ts";

describe.skipIf(noKafka)("a PostgreSQL database as the store", () => {
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  test("serves several buses on one topic by name and URL alone, and a restart finds all of it", {
    timeout: 180_000,
  }, async () => {
    const server = await PostgresServer.start();
    ends.push(() => server.stop());
    const { name } = newPlace("", "database");
    const open = async (): Promise<Bus> => {
      const bus = await connect({
        engine: "kafka",
        url: `kafka://${sharedBrokers()}`,
        bus: name,
        store: server.url,
        source: "test",
      });
      ends.push(() => bus.close());
      return bus;
    };
    const [one, two] = [await open(), await open()];
    const handled: string[] = [];
    const handler = ({ data, id }: Event, { attempt }: { readonly attempt: number }) => {
      if (attempt === 1 && JSON.stringify(data).includes("poison")) throw new Error("once more");
      handled.push(id);
    };
    for (const bus of [one, two]) {
      await bus.subscribe({ name: "all", on: "custom.*", attempts: 2, backoff: { from: 1, to: 2 } }, handler);
    }
    const flow = { metadata: { correlationId: "flow-1" } };
    const drafts = Array.from({ length: 200 }, (_, n) => ({
      type: "custom.stored" as const,
      data: { n, kind: n % 50 === 0 ? "poison" : "fine" },
      metadata: { correlationId: n % 2 === 0 ? "flow-1" : `other-${n}` },
    }));
    const results = await Promise.all([one.publishAll(drafts.slice(0, 100)), two.publishAll(drafts.slice(100))]);
    const published = results.flat().flatMap((result) => (result.ok ? [result.event.id] : []));
    expect(published).toHaveLength(200);
    await eventually("all are handled", () => handled.length >= 200, 30_000);
    expect(handled.toSorted()).toEqual(published.toSorted());
    // The same id from both at once is one event.
    const id = `mine-${name}`;
    const both = await Promise.all(
      [one, two].map((bus) => bus.publish({ type: "custom.stored", data: {}, id, ...flow })),
    );
    expect(both[0]).toEqual(both[1]);
    await one.settled("flow-1", { timeout: "20s" });
    await Promise.all([one.close(), two.close()]);
    const again = await open();
    const { size, status } = await again.history.flow("flow-1");
    expect([size, status]).toEqual([101, "completed"]);
    expect((await again.subscriptions.get("all"))?.waiting).toBe(0);
  });
});
