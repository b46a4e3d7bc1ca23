import * as z from "zod";
import { problemSchema, problemType } from "./http/problem.ts";
import type { Route } from "./http/route.ts";

type Json = Record<string, unknown>;

const documents = new WeakMap<readonly Route[], Json>();

/** The OpenAPI 3.1 document of routes, made from their schemas. */
export function openApiDocument(routes: readonly Route[]): Json {
  const made = documents.get(routes);
  if (made !== undefined) return made;
  const components = new Map<string, Json>();
  const problem = schemaOf(problemSchema, "output", components);
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    paths[route.path] ??= {};
    const operations = paths[route.path];
    if (operations !== undefined) operations[route.method.toLowerCase()] = operationOf(route, components);
  }
  const document = {
    openapi: "3.1.0",
    info: {
      title: "Waggle",
      version: "1",
      description: "An event bus of an AI-agent platform over HTTP.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    paths,
    components: {
      schemas: Object.fromEntries([...components, ["Problem", problem]]),
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      responses: {
        Problem: {
          description: "An error: docs/http/serve.md.",
          content: { [problemType]: { schema: { $ref: "#/components/schemas/Problem" } } },
        },
      },
    },
  };
  documents.set(routes, document);
  return document;
}

function operationOf(route: Route, components: Map<string, Json>): Json {
  const { summary, description, permission, result, produces = "application/json" } = route;
  const bodies = route.bodies ?? (route.body === undefined ? {} : { "application/json": route.body });
  const content = Object.entries(bodies).map(([type, schema]) => [
    type,
    { schema: schemaOf(schema, "input", components) },
  ]);
  const empty = result instanceof z.ZodUndefined;
  return {
    operationId: operationId(route),
    summary,
    ...(description === undefined ? {} : { description }),
    ...(permission === "none" ? { security: [] } : { security: [{ token: [] }, {}], "x-role": permission }),
    parameters: [...parametersOf(route.params, "path", components), ...parametersOf(route.query, "query", components)],
    ...(content.length === 0 ? {} : { requestBody: { required: true, content: Object.fromEntries(content) } }),
    responses: {
      [empty ? "204" : "200"]: {
        description: summary,
        ...(empty ? {} : { content: { [produces]: { schema: schemaOf(result, "output", components) } } }),
      },
      default: { $ref: "#/components/responses/Problem" },
    },
  };
}

/** `GET /v1/events/{id}` is `getEventsById`. */
function operationId({ method, path }: Route): string {
  const words = path
    .replace(/^\/v1/, "")
    .split(/[/.-]/)
    .filter((word) => word !== "")
    .map((word) => (word.startsWith("{") ? `By${capital(word.slice(1, -1))}` : capital(word)));
  return `${method.toLowerCase()}${words.join("") || "Root"}`;
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function parametersOf(schema: z.ZodObject, place: "path" | "query", components: Map<string, Json>): Json[] {
  const { properties = {}, required = [] } = schemaOf(schema, "input", components) as {
    properties?: Json;
    required?: string[];
  };
  return Object.entries(properties).map(([name, one]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    schema: one,
  }));
}

/** The JSON Schema of a schema; what has an id becomes a component. */
function schemaOf(schema: z.ZodType, io: "input" | "output", components: Map<string, Json>): Json {
  const {
    $schema: _,
    $defs = {},
    ...own
  } = z.toJSONSchema(schema, { io, target: "draft-2020-12", unrepresentable: "any" });
  for (const [id, definition] of Object.entries($defs)) components.set(id, moved(definition));
  const { id } = own;
  const whole = moved(own);
  if (typeof id !== "string") return whole;
  components.set(id, whole);
  return { $ref: `#/components/schemas/${id}` };
}

/** References lead to the components of the document. */
function moved(schema: unknown): Json {
  return JSON.parse(
    JSON.stringify(schema, (key, value: unknown) => {
      if (key === "$schema" || key === "id") return typeof value === "string" ? undefined : value;
      return key === "$ref" && typeof value === "string" ? value.replace("#/$defs/", "#/components/schemas/") : value;
    }),
  );
}
