import { expect, test } from "vitest";
import { whereOf } from "../../../lib/dashboard/page/state/alerts.ts";

test("an alert leads to what it is about", () => {
  const where = (metric: string, subject: string) => whereOf({ metric, subject });
  expect(where("flow.duration", "a/b")).toBe("/flows/a%2Fb");
  expect(where("event.result", "f")).toBe("/flows/f");
  expect(where("subscription.dead_letters", "readers")).toBe("/dead-letters?subscription=readers");
  expect(where("subscription.oldest_age", "readers")).toBe("/subscriptions");
  expect(where("events.per_minute", "task.failed")).toBe("/live?type=task.failed");
  expect(where("agent.silence", "reader-1")).toBe("/agents");
  expect(where("cost", "bus")).toBeUndefined();
});
