import { expect, test } from "vitest";
import { standardCatalog } from "../../../../lib/catalog/index.ts";
import { workspace } from "../test-io.ts";

test("catalog lists all types, or those that match a wildcard", async () => {
  const { waggle } = workspace();
  const { json } = await waggle(["catalog", "--json"]);
  expect(json.map(({ type }) => type)).toEqual(standardCatalog.types());
  const { out } = await waggle(["catalog", "list", "--type", "circle.member.*"]);
  expect(out).toMatch(
    /^TYPE +VERSION +DESCRIPTION\ncircle\.member\.added +1 .*\ncircle\.member\.removed +1 .*\n2 types\n$/,
  );
  expect((await waggle(["catalog", "--type", "circle.creatd"])).err).toContain('did you mean "circle.created"?');
});

test("catalog show prints the fields of a type and an example that can be published", async () => {
  const { waggle } = workspace();
  const { code, out } = await waggle(["catalog", "show", "task.completed"]);
  expect(out).toMatch(/^task\.completed {2}A task completed successfully\.\n/);
  expect(out).toMatch(/\n {2}taskId +string +required\n/);
  expect(out).toMatch(/\n {2}title +string\n/);
  const [, data = ""] = /waggle publish task\.completed '(.*)'\n/.exec(out) ?? [];
  expect((await waggle(["publish", "task.completed", data])).code).toBe(0);
  expect(code).toBe(0);
});

test("catalog show works for every standard type", async () => {
  const { waggle } = workspace();
  for (const type of standardCatalog.types()) {
    expect((await waggle(["catalog", "show", type, "--json"])).json).toMatchObject([{ type, example: {}, schema: {} }]);
  }
});

test("catalog schema prints the JSON Schema of one type or of all types", async () => {
  const { waggle } = workspace();
  const one = await waggle(["catalog", "schema", "task.completed"]);
  expect(JSON.parse(one.out)).toEqual(standardCatalog.jsonSchema("task.completed"));
  const all = await waggle(["catalog", "schema", "--json"]);
  expect(all.json).toEqual([standardCatalog.jsonSchema()]);
});

test("an unknown type exits 1 and suggests the nearest type", async () => {
  const { code, err } = await workspace().waggle(["catalog", "show", "task.complete"]);
  expect(err).toMatch(/^unknown_type: .*did you mean "task.completed"\?/);
  expect(code).toBe(1);
});
