import type { Catalog } from "../../event/catalog.ts";
import { draft7SchemaOf } from "../../event/json-schema.ts";

/** The AsyncAPI 3 document of a catalog: one channel a domain, one message a type, with the JSON Schema of its data. */
export function asyncApiDocument(catalog: Catalog, { title, version }: { title: string; version: string }): object {
  const types = catalog.types();
  const domains = Map.groupBy(types, domainOf);
  const messages = Object.fromEntries(types.map((type) => [type, messageOf(catalog, type)]));
  return {
    asyncapi: "3.0.0",
    info: { title, version, description: "The events of a Waggle bus." },
    defaultContentType: "application/json",
    channels: Object.fromEntries(
      [...domains].map(([domain, ofDomain]) => [
        domain,
        {
          address: `${domain}.*`,
          messages: Object.fromEntries(ofDomain.map((type) => [type, { $ref: `#/components/messages/${type}` }])),
        },
      ]),
    ),
    operations: Object.fromEntries(
      [...domains.keys()].flatMap((domain) => [
        [`publish_${domain}`, { action: "send", channel: { $ref: `#/channels/${domain}` } }],
        [`subscribe_${domain}`, { action: "receive", channel: { $ref: `#/channels/${domain}` } }],
      ]),
    ),
    components: { messages },
  };
}

function messageOf(catalog: Catalog, type: string): object {
  const definition = catalog.get(type);
  // Draft 7 is the language of AsyncAPI's own schemas.
  const data =
    definition === undefined ? {} : draft7SchemaOf(definition, `#/components/messages/${type}/payload/properties/data`);
  return {
    name: type,
    title: type,
    ...(definition?.description === undefined ? {} : { summary: definition.description }),
    contentType: "application/json",
    payload: {
      type: "object",
      required: ["id", "type", "source", "time", "data", "metadata"],
      properties: {
        id: { type: "string", minLength: 1, maxLength: 128 },
        type: { const: type },
        source: { type: "string", minLength: 1, maxLength: 256 },
        time: { type: "string", format: "date-time" },
        data,
        metadata: {
          type: "object",
          required: ["version", "correlationId", "priority"],
          properties: {
            version: { type: "integer", minimum: 1 },
            correlationId: { type: "string" },
            causationId: { type: "string" },
            hops: { type: "integer", minimum: 1 },
            priority: { type: "integer", minimum: 1, maximum: 10 },
          },
        },
      },
    },
  };
}

/** The first word of a type: `task` of `task.created`. */
export function domainOf(type: string): string {
  return type.split(".", 1)[0] ?? type;
}
