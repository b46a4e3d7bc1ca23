import type { Bus } from "../../bus/bus.ts";
import type { SubscriptionState } from "../../engine/subscription-store.ts";
import type { AnyEvents } from "../open-bus.ts";
import { plural } from "../output/text.ts";
import { formatElapsed } from "../output/time.ts";
import { failureOf } from "./failure.ts";
import { type Finding, ok, warning } from "./finding.ts";

/** A delivery that has waited for longer is one that nobody handles, or that somebody handles too slowly. */
const oldMs = 300_000;

/** Tries what every command reads, which also shows what a role or token may not do; then looks at how the subscriptions stand. */
export async function busFindings(bus: Bus<AnyEvents>): Promise<Finding[]> {
  const findings: Finding[] = [];
  const attempt = async (check: string, act: () => Promise<readonly Finding[]>) => {
    try {
      findings.push(...(await act()));
    } catch (thrown) {
      findings.push(failureOf(check, thrown));
    }
  };
  await attempt("history", async () => {
    const { events } = await bus.history.query({ limit: 1 });
    const [newest] = events;
    return [
      ok("history", newest === undefined ? "it can be read, and is empty" : `it can be read; newest ${newest.time}`),
    ];
  });
  await attempt("subscriptions", async () => (await bus.subscriptions.list()).map(subscriptionFinding));
  await attempt("dead-letters", async () => {
    await bus.deadLetters.list({ limit: 1 });
    return [ok("dead-letters", "they can be read")];
  });
  return findings;
}

function subscriptionFinding({ deadLetters, oldestAgeMs, record, running, waiting }: SubscriptionState): Finding {
  const { concurrency, name } = record;
  const check = "subscription";
  if (waiting > 0 && running === 0 && oldestAgeMs > oldMs) {
    const text = `${name}: ${plural(waiting, "delivery", "deliveries")} wait, the oldest for ${formatElapsed(oldestAgeMs)}, and none runs`;
    return warning(check, text, `start the process that handles ${name}, resume it, or delete the subscription`);
  }
  if (waiting > 0 && running >= concurrency && oldestAgeMs > oldMs) {
    const text = `${name}: falls behind, the oldest delivery is of ${formatElapsed(oldestAgeMs)} ago`;
    return warning(check, text, `raise concurrency (${concurrency}), or make the handler faster`);
  }
  if (deadLetters > 0) {
    const text = `${name}: ${plural(deadLetters, "dead letter")}`;
    return warning(check, text, `waggle dlq list --subscription ${name}; fix the cause, then redrive`);
  }
  return ok(check, `${name}: ${waiting} waiting, ${running} running, no dead letters`);
}
