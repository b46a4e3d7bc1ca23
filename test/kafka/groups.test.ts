import { describe, expect, test } from "vitest";
import { connect } from "../../lib/index.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { newPlace, noKafka } from "./support/open.ts";
import { openPlace } from "./support/open-place.ts";
import { committedOffsets, readPlain } from "./support/plain.ts";

const sum = (offsets: ReadonlyMap<string, number>) =>
  [...offsets.values()].reduce((total, offset) => total + offset, 0);

describe.skipIf(noKafka)("the consumer group of a subscription", () => {
  test("stands before what is not settled, and moves on past what is: a slow handler and a poisoned event hold up nothing else", {
    timeout: 180_000,
  }, async () => {
    const { path, remove } = await temporaryDirectory();
    const { name, where } = newPlace(path, "groups");
    const bus = await connect({ engine: openPlace(where, { partitions: 1 }), source: "test" });
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const done: number[] = [];
    const n = (data: unknown) => (data instanceof Object && "n" in data ? Number(data.n) : Number.NaN);
    await bus.subscribe(
      { name: "slow", on: "custom.groups", attempts: 2, backoff: { from: 5, to: 10 }, timeout: "10m" },
      async ({ data }) => {
        if (n(data) === 5) throw new Error("poison");
        if (n(data) === 3) await released;
        done.push(n(data));
      },
    );
    await bus.subscribe({ name: "quick", on: "custom.groups" }, () => {});
    for (let index = 0; index < 10; index += 1) {
      await bus.publish({ type: "custom.groups", data: { n: index } });
      // Acceptance is known to the second: what is held must be told from what came before.
      if (index === 2) await eventually("the first are done", () => done.length === 3, 20_000);
    }
    await eventually("all but the slow one and the poison are done", () => done.length === 8, 20_000);
    expect(done).toEqual([0, 1, 2, 4, 6, 7, 8, 9]);
    await eventually(
      "quick is at the end",
      async () => sum(await committedOffsets(`waggle.${name}.quick`)) === 10,
      20_000,
    );
    expect(sum(await committedOffsets(`waggle.${name}.slow`))).toBeLessThanOrEqual(3);
    // Its dead letter lies in the store and in the topic.
    const deadLetters = await eventually("the poison is given up", async () => {
      const page = await bus.deadLetters.list({ subscription: "slow" });
      return page.deadLetters.length > 0 && page.deadLetters;
    });
    expect(deadLetters).toHaveLength(1);
    const [copy] = await readPlain(`${name}.dead-letters`, 1);
    expect(copy?.key).toBe(deadLetters[0]?.id);
    expect(Object.fromEntries(copy?.headers ?? [])).toMatchObject({
      "waggle-subscription": "slow",
      "waggle-reason": "handler_error",
      "waggle-message": "poison",
      "waggle-attempts": "2",
    });
    expect(JSON.parse(copy?.value ?? "")).toMatchObject({ event_type: "custom.groups", payload: { n: 5 } });

    release();
    await eventually(
      "slow is at the end",
      async () => sum(await committedOffsets(`waggle.${name}.slow`)) === 10,
      20_000,
    );
    await eventually("so are the recorders", async () => sum(await committedOffsets(`waggle.${name}`)) === 10, 20_000);
    await bus.close();
    await remove();
  });
});
