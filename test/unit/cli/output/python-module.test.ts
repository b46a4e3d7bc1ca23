import { expect, test } from "vitest";
import * as z from "zod";
import { standardCatalog } from "../../../../lib/catalog/index.ts";
import { type PythonForm, pythonModule } from "../../../../lib/cli/output/python/module.ts";
import { defineEvent, type EventDefinition } from "../../../../lib/event/definition.ts";
import { jsonSchemaOf } from "../../../../lib/event/json-schema.ts";
import { workspace } from "../test-io.ts";

function moduleOf(form: PythonForm, ...definitions: EventDefinition[]): string {
  return pythonModule(
    definitions.map((definition) => ({ definition, schema: jsonSchemaOf(definition) })),
    form,
  );
}

const order = defineEvent("order.placed", {
  version: 2,
  description: 'An "order" was placed.',
  data: z.looseObject({
    orderId: z.string(),
    state: z.enum(["new", "paid"]),
    kind: z.literal("web").optional(),
    count: z.int().optional(),
    total: z.union([z.number(), z.null()]),
    lines: z.array(z.looseObject({ sku: z.string(), tags: z.array(z.string()).optional() })),
    extra: z.record(z.string(), z.boolean()).optional(),
    anything: z.json().optional(),
  }),
});

test("a type is a TypedDict and a definition, each nested object a class before it", () => {
  expect(
    moduleOf("typed-dict", order),
  ).toBe(`# Printed by \`waggle catalog --python\`: print it again instead of changing it.
# ruff: noqa
from __future__ import annotations

from typing import Any, Literal

from typing_extensions import NotRequired, TypedDict
from wagglebus import EventDefinition


class OrderPlacedDataLinesItem(TypedDict):
    sku: str
    tags: NotRequired[list[str]]


class OrderPlacedData(TypedDict):
    "An \\"order\\" was placed."

    orderId: str
    state: Literal["new"] | Literal["paid"]
    kind: NotRequired[Literal["web"]]
    count: NotRequired[int]
    total: float | None
    lines: list[OrderPlacedDataLinesItem]
    extra: NotRequired[dict[str, bool]]
    anything: NotRequired[Any]


order_placed = EventDefinition[OrderPlacedData]("order.placed", version=2)
`);
});

test("as models of pydantic, what may be missing is None", () => {
  const [, text] = /class OrderPlacedData\(BaseModel\):\n([\s\S]*?)\n\n\n/.exec(moduleOf("pydantic", order)) ?? [];
  expect(text).toBe(`    "An \\"order\\" was placed."

    model_config = ConfigDict(extra="allow", populate_by_name=True, protected_namespaces=())

    orderId: str
    state: Literal["new"] | Literal["paid"]
    kind: Literal["web"] | None = None
    count: int | None = None
    total: float | None
    lines: list[OrderPlacedDataLinesItem]
    extra: dict[str, bool] | None = None
    anything: Any = None`);
  expect(moduleOf("pydantic", order)).toContain(
    'order_placed = EventDefinition[OrderPlacedData]("order.placed", version=2, model=OrderPlacedData)\n',
  );
});

const hostile = defineEvent("custom.class", {
  description: 'a """\n\\ end',
  data: z.looseObject({
    from: z.string(),
    "a-b": z.number().optional(),
    "a b": z.number(),
    __x: z.string(),
    "\n": z.null(),
  }),
});

test("a field that Python has no name for keeps its name on the wire", () => {
  expect(moduleOf("typed-dict", hostile)).toContain(`CustomClassData = TypedDict("CustomClassData", {
    "from": str,
    "a-b": NotRequired[float],
    "a b": float,
    "__x": str,
    "\\n": None,
})
"a \\"\\"\\"\\n\\\\ end"`);
  const models = moduleOf("pydantic", hostile);
  expect(models).toContain('    from_: str = Field(alias="from")\n');
  expect(models).toContain('    a_b_: float | None = Field(default=None, alias="a-b")\n');
  expect(models).toContain('    a_b__: float = Field(alias="a b")\n');
});

test("types that would have one name in Python get two", () => {
  const data = z.looseObject({});
  const text = moduleOf("typed-dict", defineEvent("custom.a_b", { data }), defineEvent("custom.a.b", { data }));
  expect(text).toContain('custom_a_b = EventDefinition[CustomABData]("custom.a_b", version=1)');
  expect(text).toContain('custom_a_b_ = EventDefinition[CustomABData_]("custom.a.b", version=1)');
});

test("catalog --python prints every type, or those that match, in the form that is asked for", async () => {
  const { waggle } = workspace();
  const all = await waggle(["catalog", "--python"]);
  expect(all.out.match(/^\w+ = EventDefinition\[/gm)).toHaveLength(standardCatalog.types().length);
  const some = await waggle(["catalog", "list", "--type", "task.c*", "--python", "pydantic"]);
  expect(some.out.match(/^\w+ = EventDefinition/gm)).toHaveLength(4);
  expect(some.out).toContain("class TaskCreatedData(BaseModel):");
  expect((await waggle(["catalog", "--python", "dataclass"])).code).toBe(2);
});
