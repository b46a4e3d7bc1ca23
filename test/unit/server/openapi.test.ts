import { expect, test } from "vitest";
import { openApiDocument } from "../../../lib/server/openapi.ts";
import { routes } from "../../../lib/server/routes/index.ts";
import { serve } from "./serve.ts";

/** Every reference of a document. */
function referencesIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => (key === "$ref" ? [String(part)] : referencesIn(part)));
}

test("the document has every route, and its references lead somewhere", async () => {
  const { get } = await serve();
  const { json } = await get("/openapi.json");
  expect(json).toEqual(JSON.parse(JSON.stringify(openApiDocument(routes))));
  expect(json.openapi).toBe("3.1.0");
  for (const { method, path } of routes) expect(json.paths[path][method.toLowerCase()]).toBeDefined();
  const ids = Object.values<Record<string, { operationId: string }>>(json.paths).flatMap((one) =>
    Object.values(one).map(({ operationId }) => operationId),
  );
  expect(new Set(ids).size).toBe(ids.length);
  for (const reference of referencesIn(json)) {
    const found = reference
      .slice(2)
      .split("/")
      .reduce<unknown>((part, name) => Reflect.get(Object(part), name), json);
    expect(found, reference).toBeDefined();
  }
});

test("it says what a route takes", async () => {
  const document = JSON.parse(JSON.stringify(openApiDocument(routes)));
  const publish = document.paths["/v1/events"].post;
  expect(Object.keys(publish.requestBody.content)).toEqual([
    "application/json",
    "application/x-ndjson",
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
  ]);
  expect(document.components.schemas.Draft.required).toEqual(["type", "data"]);
  const query = document.paths["/v1/events"].get.parameters;
  expect(query).toContainEqual(expect.objectContaining({ name: "type", in: "query", required: false }));
  expect(document.paths["/v1/events/{id}"].get.parameters).toMatchObject([{ name: "id", in: "path", required: true }]);
});
