/** Rules and events of an agent platform, the same in every run. */
export interface Workload {
  readonly rules: Readonly<Record<string, unknown>>;
  /** Events as JSON of about 750 bytes. */
  readonly events: readonly string[];
}

const actions = ["created", "assigned", "started", "completed", "failed", "retried"];
const kinds = ["document", "code", "table", "mail", "image"];
const sources = ["planner", "reader", "writer", "reviewer", "crew"];

/** Generates the given number of rules, and a thousand events most of which match a few of them. */
export function workload(ruleCount: number, seed = 1): Workload {
  const random = generator(seed);
  const pick = <Value>(values: readonly Value[], fallback: Value): Value =>
    values[Math.floor(random() * values.length)] ?? fallback;
  const teams = Math.max(20, ruleCount / 5);
  const team = () => Math.floor(random() * teams);
  const type = () => `custom.team-${team()}.task.${pick(actions, "created")}`;

  const rules: Record<string, unknown> = {};
  for (let rule = 0; rule < ruleCount; rule += 1) rules[`rule-${rule}`] = makeRule(rule % 10);
  const events = Array.from({ length: 1_000 }, (_, number) => JSON.stringify(makeEvent(number)));
  return { rules, events };

  function makeRule(shape: number): unknown {
    switch (shape) {
      case 0:
      case 1:
      case 2:
        return { type: [type()] };
      case 3:
        return { type: [{ prefix: `custom.team-${team()}.` }] };
      case 4:
        return { type: [{ suffix: `-${team()}.task.failed` }], source: [pick(sources, "crew")] };
      case 5:
        return { type: [type(), type()], data: { kind: [pick(kinds, "document"), pick(kinds, "code")] } };
      case 6:
        return { metadata: { agentId: [`agent-${team()}`], priority: [{ numeric: ["<=", 3] }] } };
      case 7:
        return { type: [type()], metadata: { priority: [{ numeric: [">", 2, "<=", 7] }] } };
      case 8:
        return { type: [{ wildcard: `custom.team-${team()}.*.failed` }], data: { error: [{ exists: true }] } };
      default:
        return { type: [{ prefix: `custom.team-${team()}.task.` }], data: { kind: [{ "anything-but": ["mail"] }] } };
    }
  }

  function makeEvent(number: number): unknown {
    const name = type();
    return {
      id: `0192f0c4-7a00-7000-8000-${String(number).padStart(12, "0")}`,
      type: name,
      source: pick(sources, "crew"),
      time: "2026-11-20T09:30:00.000Z",
      data: {
        taskId: `task-${number}`,
        title: "Read the quarterly report and list every figure that changed",
        kind: pick(kinds, "document"),
        instruction: "Compare with the report of the quarter before; name the page of each figure; keep it short.",
        attempt: 1 + Math.floor(random() * 3),
        input: { path: `inbox/report-${number}.md`, pages: [1, 2, 3, 5, 8], language: "en" },
        ...(name.endsWith("failed") ? { error: "timeout after 30 s" } : {}),
      },
      metadata: {
        version: 1,
        correlationId: `0192f0c4-7a00-7000-9000-${String(number).padStart(12, "0")}`,
        causationId: `0192f0c4-79ff-7000-9000-${String(number).padStart(12, "0")}`,
        agentId: `agent-${team()}`,
        projectId: "quarterly",
        priority: 1 + Math.floor(random() * 10),
        tags: ["report", "finance"],
        traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      },
    };
  }
}

/** Returns a generator of random numbers from 0 to below 1 (Marsaglia's xorshift). */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4_294_967_296;
  };
}
