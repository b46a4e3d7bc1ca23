import * as z from "zod";
import { BusError } from "../../error/bus-error.ts";
import type { EventDefinition } from "../../event/definition.ts";
import { exampleOf } from "../../event/example.ts";
import { route } from "../http/route.ts";
import { catalogSchema, catalogTypeSchema } from "../schemas/overview.ts";

export const listTypes = route({
  method: "GET",
  path: "/v1/catalog",
  summary: "List the types of the catalog",
  permission: "any",
  result: catalogSchema,
  handle: async ({ server: { served }, access }) => {
    const { catalog } = served;
    const definitions = catalog.types().flatMap((type) => catalog.get(type) ?? []);
    return { open: catalog.open, types: definitions.filter((one) => access.sees(one)).map(factsOf) };
  },
});

export const getType = route({
  method: "GET",
  path: "/v1/catalog/{type}",
  summary: "Show one type with its schema and an example",
  permission: "any",
  params: z.object({ type: z.string() }),
  result: catalogTypeSchema,
  handle: async ({ server: { served }, access, params: { type } }) => {
    const { catalog } = served;
    const definition = catalog.get(type);
    if (definition === undefined || !access.sees(definition)) {
      throw new BusError("not_found", `the catalog of this server has no type ${type}`, { details: { type } });
    }
    const example = exampleOf(definition);
    return {
      ...factsOf(definition),
      schema: catalog.jsonSchema(type),
      ...(example === undefined ? {} : { example }),
    };
  },
});

function factsOf({
  description,
  history,
  type,
  version,
}: EventDefinition): z.infer<typeof catalogSchema>["types"][number] {
  return { type, version, description, history };
}
