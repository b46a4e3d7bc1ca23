// A payment is made once, however often its handler runs. Run it in a clone: npm run build && npx node examples/effects-once.ts
import { connect } from "wagglebus";
import { effect, steps } from "wagglebus/agents";
import type { Print, Where } from "./options.ts";

export async function effectsOnce(where: Where = { engine: "memory" }, print: Print = console.log) {
  await using bus = await connect({ ...where, source: "shop", logLevel: "silent" });

  /** A provider that takes a key, as most do: it is the same for all attempts. */
  const charges: string[] = [];
  const charge = async (amount: number, idempotencyKey: string) => {
    charges.push(idempotencyKey);
    return `receipt for ${amount}`;
  };
  let modelCalls = 0;

  await bus.subscribe(
    { name: "billing", on: "custom.order.placed", attempts: 3, backoff: { from: "1ms", to: "5ms" } },
    async (_event, { attempt, bus }) => {
      // A step is remembered once it has succeeded: for what may run again where the process dies in it.
      const text = await steps(bus).run("write", () => {
        modelCalls += 1;
        return "Thank you for your order.";
      });
      // An effect never runs again in silence: where the process dies in it, it becomes a question, `effect.unknown`.
      const receipt = await effect(bus, "charge", ({ idempotencyKey }) => charge(30, idempotencyKey));
      if (attempt < 3) throw new Error("the mail server is away");
      await bus.publish({ type: "custom.mail.sent", data: { text, receipt } }, { dedupe: "mail" });
    },
  );

  const order = await bus.publish({ type: "custom.order.placed", data: { id: 12 } });
  const sent = await bus.waitFor({ on: "custom.mail.sent" }, { since: order });
  print(`${JSON.stringify(sent.data)}`);
  print(`${charges.length} charge, ${modelCalls} call of the model`);
  const { events } = await bus.history.query({ type: "effect.*", order: "oldest" });
  print(events.map(({ type }) => type).join(", "));
}

if (import.meta.main) await effectsOnce();
