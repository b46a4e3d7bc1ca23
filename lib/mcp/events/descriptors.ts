import * as z from "zod";
import type { Catalog } from "../../event/catalog.ts";
import type { McpAccess } from "../access.ts";
import { noSuchEvent } from "./errors.ts";
import { argumentsSchema } from "./protocol.ts";

/** Types of one page of the list: a schema is long. */
const pageSize = 50;

const inputSchema = z.toJSONSchema(argumentsSchema, { io: "input" });

/** A type of event as clients see it. */
export interface EventDescriptor {
  readonly name: string;
  readonly description: string;
  readonly delivery: readonly string[];
  readonly inputSchema: object;
  readonly payloadSchema: object;
}

/** The types of the catalog that history keeps, and that the caller may see. */
function offered(catalog: Catalog, access: McpAccess): string[] {
  return catalog.types().filter((type) => catalog.get(type)?.history !== false && access.sees({ type }));
}

/** One page of them; the cursor is the last name of the page before. */
export function listEvents(
  { catalog, access, delivery }: { catalog: Catalog; access: McpAccess; delivery: readonly string[] },
  cursor: string | undefined,
): { events: EventDescriptor[]; nextCursor?: string } {
  const types = offered(catalog, access);
  const from = cursor === undefined ? 0 : types.findIndex((type) => type > cursor);
  const page = from === -1 ? [] : types.slice(from, from + pageSize);
  const last = page.at(-1);
  return {
    events: page.map((name) => ({
      name,
      description: catalog.get(name)?.description ?? "",
      delivery,
      inputSchema,
      payloadSchema: catalog.jsonSchema(name),
    })),
    ...(last === undefined || last === types.at(-1) ? {} : { nextCursor: last }),
  };
}

/** Throws NotFound for what no subscription can be to. A type of an open catalog, or `custom.*`, need not be in the list. */
export function checkName(catalog: Catalog, name: string): void {
  if (name.includes("*")) throw noSuchEvent(name, "a subscription is to one type; open one for each");
  try {
    if (catalog.resolve(name)?.history !== false) return;
  } catch {
    throw noSuchEvent(name, "events/list has those that there are");
  }
  throw noSuchEvent(name, "history does not keep it");
}
