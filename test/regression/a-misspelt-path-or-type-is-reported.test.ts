import { expect, test } from "vitest";
import { type Bus, connect, createCatalog, defineEvent, defineSubscription } from "wagglebus";
import { taskAssigned, taskCompleted } from "wagglebus/catalog";
import * as z from "zod";

// `ordered: "metadata.nope"` and `ordered: "data.taksId"` ordered nothing, `where: { metadata: { nope } }` and `on: "memroy.*"`
// matched nothing, all in silence. JavaScript has no compiler that finds them.
const handler = () => {};

function open(options: object = {}): Promise<Bus> & { readonly warnings: readonly string[] } {
  const warnings: string[] = [];
  const logger = { debug() {}, info() {}, warn: (message: string) => void warnings.push(message), error() {} };
  return Object.assign(connect({ engine: "memory", source: "regression", logger, ...options }), { warnings });
}

const wrong: [subscription: object, says: string][] = [
  [{ on: "task.*", ordered: "metadata.agentID" }, 'ordered: metadata has no field agentID; did you mean "agentId"?'],
  [{ on: "task.*", ordered: "metadata.agentId.deep" }, "ordered: metadata.agentId has no fields"],
  [
    { on: "task.*", throttle: { limit: 1, per: "1s", key: "metadata.nope" } },
    "throttle.key: metadata has no field nope; the fields are version",
  ],
  [
    { on: "task.*", where: { metadata: { agent: ["a"] } } },
    "unknown field where.metadata.agent; metadata has no field agent",
  ],
  [{ on: "task.*", where: { "metadata.nope": ["a"] } }, "unknown field where.metadata.nope; metadata has no"],
  [
    { on: "task.*", where: { $or: [{ source: ["a"] }, { metadata: { $or: [{ nope: ["a"] }, { tags: ["b"] }] } }] } },
    "unknown field where.$or[1].metadata.$or[0].nope; metadata has no field nope",
  ],
  [
    { on: taskAssigned, ordered: "data.taksId" },
    'ordered: data.taksId is not declared by task.assigned; did you mean "data.taskId"?',
  ],
  [
    { on: [taskAssigned, taskCompleted], concurrencyPerKey: { key: "data.nope", limit: 1 } },
    "concurrencyPerKey.key: data.nope is not declared by task.assigned and task.completed; add the field",
  ],
];

test.each(wrong.map(([subscription, says]) => ({ subscription, says })))(
  "$says: refused where it is defined and where it is subscribed",
  async ({ subscription, says }) => {
    const error = { code: "invalid_config", message: expect.stringContaining(says) };
    expect(() => Reflect.apply(defineSubscription, undefined, [subscription])).toThrow(expect.objectContaining(error));
    const bus = await open();
    await expect(Reflect.apply(bus.subscribe, bus, [subscription, handler])).rejects.toMatchObject(error);
    expect(await bus.subscriptions.list()).toEqual([]);
    await bus.close();
  },
);

test("a path is found by the catalog where `on` has names, and only reported where `on` has a *", async () => {
  const opening = open();
  const bus = await opening;
  const misspelt = { name: "readers", on: ["task.assigned"], ordered: "data.taksId" } as const;
  await expect(bus.subscribe(misspelt, handler)).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringContaining('did you mean "data.taskId"?'),
  });
  await bus.subscribe({ name: "tasks", on: "task.*", ordered: "data.taksId" }, handler);
  await bus.subscribe({ name: "memories", on: "memroy.*" as string }, handler);
  expect(opening.warnings).toEqual([
    expect.stringMatching(/^ordered: data\.taksId is not declared by .* more types; did you mean "data\.taskId"\?$/),
    'memroy.* matches no type of the catalog; did you mean "memory.*"?',
  ]);
  await bus.close();
});

test("what a definition, an older version of it, a record, custom.* or an open catalog allows is taken in silence", async () => {
  const packed = defineEvent("order.packed", {
    version: 2,
    data: z.looseObject({
      id: z.string(),
      box: z.looseObject({ labels: z.record(z.string(), z.string()) }).optional(),
      note: z.unknown(),
      by: z.union([z.looseObject({ kind: z.literal("a"), name: z.string() }), z.looseObject({ kind: z.literal("b") })]),
    }),
    older: [{ version: 1, data: z.looseObject({ order: z.string() }), upcast: ({ order }) => ({ id: order }) }],
  });
  for (const openToAll of [false, true]) {
    const opening = open({ catalog: createCatalog([packed], { open: openToAll }) });
    const bus = await opening;
    const paths = ["data.id", "data.order", "data.box.labels.to", "data.note.any.thing", "data.by.name"] as const;
    for (const ordered of paths) await bus.subscribe({ on: ["order.packed" as string], ordered }, handler);
    await bus.subscribe(
      { on: ["custom.*", "*", "*.of_mine"], ordered: "data.any", where: { metadata: { tags: ["a"] } } },
      handler,
    );
    await bus.subscribe({ on: "custom.thing", ordered: "metadata.replay.id" }, handler);
    if (openToAll)
      await Reflect.apply(bus.subscribe, bus, [{ on: ["any.*", "any.thing"], ordered: "data.x" }, handler]);
    expect(opening.warnings).toEqual([]);
    await bus.close();
  }
});

test("waitFor refuses a where of metadata that no event has", async () => {
  const bus = await open();
  const want = { on: "task.created", where: { metadata: { agentID: ["a"] } } };
  await expect(Reflect.apply(bus.waitFor, bus, [want, { timeout: 0 }])).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringContaining(
      'unknown field where.metadata.agentID; metadata has no field agentID; did you mean "agentId"?',
    ),
  });
  await bus.close();
});
