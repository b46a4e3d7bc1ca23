import * as z from "zod";

/** Each step may be bound to the first attempts: `upTo: 2` has it done in attempts 1 and 2 only. */
const upTo = { upTo: z.int().positive().optional() };

const step = z.discriminatedUnion("do", [
  /** Throws an error with this message. */
  z.strictObject({ do: z.literal("fail"), message: z.string().optional(), ...upTo }),
  z.strictObject({ do: z.literal("fail-for-good"), message: z.string().optional(), ...upTo }),
  z.strictObject({ do: z.literal("retry-after"), ms: z.number(), ...upTo }),
  /** Until the signal fires; then throws its reason. */
  z.strictObject({ do: z.literal("hang"), ...upTo }),
  /** Until the case opens the gate, whatever the signal says. */
  z.strictObject({ do: z.literal("wait"), gate: z.string(), ...upTo }),
  z.strictObject({ do: z.literal("sleep"), ms: z.number(), ...upTo }),
  /** Ends the process at once, as `kill -9` does. */
  z.strictObject({ do: z.literal("crash"), ...upTo }),
  /** Reports `published` with the event, or `refused` with the code, and goes on. */
  z.strictObject({
    do: z.literal("publish"),
    type: z.templateLiteral(["custom.", z.string()]),
    data: z.record(z.string(), z.json()).optional(),
    dedupe: z.string().optional(),
    ...upTo,
  }),
]);

/** What a handler does, in this order. */
export type Step = z.infer<typeof step>;

/** Steps by the name of the subscription they are for; `*` for those that are not named. */
const script = z.record(z.string(), z.array(step));
export type Script = z.infer<typeof script>;

const scripted = z.looseObject({ script: script.optional() });

/** The steps that the data of an event holds for a subscription. None where it holds no script. */
export function stepsFor(data: unknown, subscription: string): readonly Step[] {
  const parsed = scripted.parse(data).script;
  return parsed?.[subscription] ?? parsed?.["*"] ?? [];
}
