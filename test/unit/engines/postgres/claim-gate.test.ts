import { expect, test } from "vitest";
import { ClaimGate } from "../../../../lib/engines/postgres/deliveries/claim-gate.ts";

test("an append waits for a claim under way, and for the next one, until it has ended", async () => {
  const gate = new ClaimGate();
  expect(gate.claimed([])).toBeUndefined();
  gate.begin([1]);
  const under = gate.claimed([]);
  const next = gate.claimed([2]);
  gate.end();
  await Promise.all([under, next]);
  expect(gate.claimed([])).toBeUndefined();
});

test("nobody waits for a subscription whose handlers fall behind, until they have caught up", () => {
  const gate = new ClaimGate();
  gate.left({ sub: 1, ready: true });
  gate.begin([1]);
  expect(gate.claimed([1])).toBeUndefined();
  expect(gate.claimed([2])).toBeInstanceOf(Promise);
  gate.left({ sub: 1, ready: false });
  expect(gate.claimed([])).toBeInstanceOf(Promise);
  gate.left({ sub: 1, ready: true });
  gate.forget(1);
  expect(gate.claimed([])).toBeInstanceOf(Promise);
});
