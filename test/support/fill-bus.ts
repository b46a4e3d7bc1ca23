import { type Bus, NonRetriableError } from "../../lib/index.ts";
import { eventually } from "./eventually.ts";

/** Has a bus hold some of everything: delivered, failed, delayed, ordered, replayed and redriven, unrecorded. */
export async function fillBus(bus: Bus): Promise<void> {
  const broken = await bus.subscribe(
    { name: "broken", on: "custom.*", attempts: 2, backoff: { from: "1h", to: "1h" } },
    (event) => {
      if (event.type === "custom.dead") throw new NonRetriableError("never");
      if (event.type === "custom.later") throw new Error("not now");
    },
  );
  const done = await bus.subscribe({ name: "done", on: "custom.*" }, () => {});
  for (const name of ["ordered", "waiting"]) {
    await (
      await bus.subscribe({ name, on: "*", ...(name === "ordered" ? { ordered: "data.key" } : {}) }, () => {})
    ).close();
  }
  for (const type of ["custom.done", "custom.dead", "custom.later"] as const) {
    for (let n = 0; n < 3; n += 1)
      await bus.publish({ type, data: { key: `key-${n % 2}` }, metadata: { priority: 1 + n } });
  }
  await bus.publish({ type: "custom.put_off", data: {} }, { delay: "1h" });
  await bus.publish({ type: "llm.text.delta", data: { content: "a" } });
  await eventually("what can be handled is", async () => {
    const [one, other] = [await broken.info(), await done.info()];
    return one.deadLettered === 3 && one.retried === 3 && other.delivered === 9;
  });
  await broken.close();
  await done.close();
  await bus.replay({ type: "custom.done" }, { to: "waiting" });
  const { deadLetters } = await bus.deadLetters.list();
  await bus.deadLetters.redrive(deadLetters[0]?.id ?? "");
}
