import type * as z from "zod";
import type { Bus } from "../bus/bus.ts";

/** The events of any catalog: a tool knows its types only at run time. */
export type AnyEvents = Record<string, unknown>;

/** What writing tools may do; each must be allowed by whoever starts the server. */
export const writes = ["publish", "redrive"] as const;

/** One of {@link writes}. */
export type Write = (typeof writes)[number];

/** What a tool works with. */
export interface ToolCall<Input> {
  readonly bus: Bus<AnyEvents>;
  readonly input: Input;
  /** Fires when the client cancels the call or is gone. */
  readonly signal: AbortSignal;
}

/** One tool of the MCP server. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  /** Absent where it only reads. */
  readonly write?: Write;
  readonly input: z.ZodObject;
  /** Resolves with what is answered as JSON. */
  readonly run: (bus: Bus<AnyEvents>, input: unknown, signal: AbortSignal) => Promise<Record<string, unknown>>;
}

/** Defines a tool: its input is parsed by its schema before it runs. */
export function tool<Input extends z.ZodObject>({
  run,
  ...definition
}: Pick<Tool, "name" | "description" | "write"> & {
  readonly input: Input;
  readonly run: (call: ToolCall<z.output<Input>>) => Promise<Record<string, unknown>>;
}): Tool {
  return {
    ...definition,
    run: (bus, input, signal) => run({ bus, input: definition.input.parse(input), signal }),
  };
}
