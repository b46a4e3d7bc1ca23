import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { workspace } from "../test-io.ts";

const lib = fileURLToPath(new URL("../../../../lib/index.ts", import.meta.url));
const zod = import.meta.resolve("zod");

/** Writes a configuration whose catalog has one type; each under a name of its own, since a module is loaded once. */
function catalogOf(cwd: string, name: string, definition: string): string {
  writeFileSync(
    join(cwd, name),
    `import { createCatalog, defineEvent } from ${JSON.stringify(lib)};
     import * as z from ${JSON.stringify(zod)};
     export default { engine: "embedded", catalog: createCatalog([defineEvent("page.read", ${definition})]) };`,
  );
  return name;
}

const first = "{ data: z.looseObject({ url: z.string() }) }";
const broken = "{ data: z.looseObject({ url: z.string(), words: z.int() }) }";
const upcast =
  "{ version: 2, data: z.looseObject({ url: z.string(), words: z.int() }), older: [{ version: 1, data: z.looseObject({ url: z.string() }), upcast: (data) => ({ ...data, words: 0 }) }] }";

test("a breaking change is refused until it has a new version and an upcast", async () => {
  const { waggle, cwd } = workspace();
  const one = catalogOf(cwd, "one.mjs", first);
  expect((await waggle(["schema", "save", "--config", one])).out).toBe("1 type saved in waggle.schemas.json\n");
  expect((await waggle(["schema", "check", "--config", one])).out).toBe(
    "✓ nothing breaks of the 1 type in waggle.schemas.json\n",
  );
  const two = catalogOf(cwd, "two.mjs", broken);
  const refused = await waggle(["schema", "check", "--config", two]);
  expect(refused.out).toBe(
    "✗ page.read words: the field is required now\n  fix: raise the version to 2, and keep version 1 in `older` with an upcast\n",
  );
  expect(refused.code).toBe(1);
  const annotated = await waggle(["schema", "check", "--config", two, "--format", "github"]);
  expect(annotated.out).toBe(
    "::error file=waggle.schemas.json,title=page.read words::the field is required now; raise the version to 2, and keep version 1 in `older` with an upcast\n",
  );
  expect((await waggle(["schema", "check", "--config", two, "--json"])).json).toMatchObject([
    { type: "page.read", path: "words" },
  ]);
  const noUpcast = catalogOf(cwd, "no-upcast.mjs", broken.replace("{ data", "{ version: 2, data"));
  expect((await waggle(["schema", "check", "--config", noUpcast])).out).toContain("version 1 has no upcast to 2");
  const three = catalogOf(cwd, "three.mjs", upcast);
  expect(await waggle(["schema", "check", "--config", three])).toMatchObject({ code: 0 });
  const gone = catalogOf(cwd, "gone.mjs", first);
  writeFileSync(join(cwd, gone), "export default {};");
  expect((await waggle(["schema", "check", "--config", gone])).out).toContain("page.read: the type was removed");
});

test("--history checks what is recorded, and counts what the catalog does not accept", async () => {
  const { waggle, cwd } = workspace();
  const one = catalogOf(cwd, "one.mjs", first);
  const stdin = ["a", "b"].map((id) => `{"type":"page.read","id":"${id}","data":{"url":"/"}}\n`).join("");
  await waggle(["publish", "--config", one], { stdin });
  expect((await waggle(["schema", "check", "--history", "--config", one])).out).toBe(
    "✓ nothing breaks of 2 recorded events\n",
  );
  const two = catalogOf(cwd, "two.mjs", broken);
  const { code, out } = await waggle(["schema", "check", "--history", "--config", two]);
  expect(out).toMatch(
    /^✗ page\.read: 2 recorded events, such as b: page\.read from waggle-cli: data\.words is missing/,
  );
  expect(code).toBe(1);
  const three = catalogOf(cwd, "three.mjs", upcast);
  expect(await waggle(["schema", "check", "--history", "--config", three])).toMatchObject({ code: 0 });
});

test("a baseline that is missing, or is none, is an error with its name", async () => {
  const { waggle, cwd } = workspace();
  expect(await waggle(["schema", "check"])).toMatchObject({
    code: 1,
    err: "error: waggle.schemas.json cannot be read: it does not exist; waggle schema save makes it\n",
  });
  writeFileSync(join(cwd, "other.json"), "{}");
  expect(await waggle(["schema", "check", "-b", "other.json"])).toMatchObject({
    code: 1,
    err: "error: other.json is not a baseline of waggle schema save\n",
  });
  expect(await waggle(["schema", "check", "-b", "other.json", "--history"])).toMatchObject({ code: 2 });
  expect(await waggle(["schema", "check", "-b", "other.json", "--since", "1d"])).toMatchObject({
    code: 2,
    err: expect.stringContaining("pass --history, too"),
  });
});
