import type * as z from "zod";
import type { Bus } from "../bus/bus.ts";
import { BusError } from "../error/bus-error.ts";
import { describeIssues } from "../event/issues.ts";
import type { McpAccess, Role } from "./access.ts";
import type { Deliveries } from "./deliveries.ts";

/** The events of any catalog: a tool knows its types only at run time. */
export type AnyEvents = Record<string, unknown>;

/** What tools may do besides reading; each must be allowed by whoever starts the server, or by the role of a token. */
export const writes = ["publish", "redrive", "claim", "inbox"] as const;

/** One of {@link writes}. */
export type Write = (typeof writes)[number];

/** What tools work on, and for whom. */
export interface ToolContext {
  readonly bus: Bus<AnyEvents>;
  readonly access: McpAccess;
  readonly deliveries: Deliveries;
}

/** What a tool works with. */
export interface ToolCall<Input> extends ToolContext {
  readonly input: Input;
  /** Fires when the client cancels the call or is gone. */
  readonly signal: AbortSignal;
}

/** One tool of the MCP server. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  /** Needed of a caller that has roles. */
  readonly role: Role;
  /** Absent where it only reads. */
  readonly write?: Write;
  readonly input: z.ZodObject;
  /** Resolves with what is answered as JSON. Rejects with `invalid_config` for input that its schema refuses. */
  readonly run: (context: ToolContext, input: unknown, signal: AbortSignal) => Promise<Record<string, unknown>>;
}

/** Defines a tool: its input is parsed by its schema before it runs. */
export function tool<Input extends z.ZodObject>({
  run,
  ...definition
}: Pick<Tool, "name" | "description" | "role" | "write"> & {
  readonly input: Input;
  readonly run: (call: ToolCall<z.output<Input>>) => Promise<Record<string, unknown>>;
}): Tool {
  return {
    ...definition,
    run: (context, given, signal) =>
      run({ ...context, input: parseInput(definition.name, definition.input, given), signal }),
  };
}

/** What a schema makes of the input of a tool. Throws `invalid_config` with the path of the first problem. */
export function parseInput<Schema extends z.ZodType>(name: string, schema: Schema, given: unknown): z.output<Schema> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [first] = describeIssues(parsed.error, given, "");
  const path = first?.path ?? "";
  throw new BusError("invalid_config", `${name}${path === "" ? "" : `: ${path}`} ${first?.problem}`, {
    details: path === "" ? {} : { path },
  });
}

/** A schema that shows its JSON Schema and lets everything through. */
interface ShownSchema {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => { readonly value: unknown };
    readonly jsonSchema: z.ZodObject["~standard"]["jsonSchema"];
  };
}

/** The schema as the SDK shows it to clients. It lets everything through there, since a tool refuses what is wrong with a code of its own. */
export function shownSchema(schema: z.ZodObject): ShownSchema {
  const { jsonSchema } = schema["~standard"];
  return { "~standard": { version: 1, vendor: "waggle", validate: (value) => ({ value }), jsonSchema } };
}
