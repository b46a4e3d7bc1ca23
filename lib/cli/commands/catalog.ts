import { type Command, Option } from "commander";
import type { EventDefinition } from "../../event/definition.ts";
import { typeMatcher } from "../../pattern/type-names.ts";
import { addDefaultCommand, createCommand, type GlobalOptions } from "../command.ts";
import type { CliIo } from "../io.ts";
import { resolveBusOptions } from "../open-bus.ts";
import { renderDefinition, renderDefinitions } from "../output/definitions.ts";
import { toJson, writeJson } from "../output/json.ts";
import { type PythonForm, pythonForms, pythonModule } from "../output/python/module.ts";
import { noteUnknownTypes } from "../unknown-types.ts";

/** `waggle catalog` */
export function catalogCommand(io: CliIo): Command {
  const group = createCommand(io, "catalog", {
    summary: "list types, show one with an example, print JSON Schema or Python",
    description:
      "Shows the event types of this project: the catalog in waggle.config.ts, or else the standard catalog.",
    examples: [
      ["catalog", "all types"],
      ["catalog list --type 'memory.*'", "types that start with memory"],
      ["catalog show task.completed", "fields, an example, how to publish it"],
      ["catalog schema > events.schema.json", "JSON Schema of all types"],
      ["catalog --python > events.py", "the types for programs in Python"],
    ],
  });
  addDefaultCommand(group, listCommand(io));
  return group.addCommand(showCommand(io)).addCommand(schemaCommand(io));
}

interface ListOptions extends GlobalOptions {
  type?: string;
  python?: PythonForm;
}

function listCommand(io: CliIo): Command {
  return createCommand(io, "list", {
    summary: "all types",
    examples: [
      ["catalog list --type 'memory.*'", "types that start with memory"],
      ["catalog --python > events.py", "a Python module with the types of all data"],
      ["catalog --python pydantic > events.py", "the same, as models of pydantic"],
    ],
    exits: { ok: "listed, even if nothing matches", failed: "the configuration is invalid" },
  })
    .option("-t, --type <type>", "only this type, * allowed")
    .addOption(
      new Option("--python [form]", "print a Python module for the package wagglebus instead")
        .choices(pythonForms)
        .preset("typed-dict"),
    )
    .action(async (_, self: Command) => {
      const { type = "*", json, python } = self.optsWithGlobals<ListOptions>();
      const { catalog } = await resolveBusOptions(io, self);
      const matches = typeMatcher([type]);
      const definitions = catalog.types().flatMap((known) => (matches(known) ? (catalog.get(known) ?? []) : []));
      if (python !== undefined) {
        const described = definitions.map((one) => ({ definition: one, schema: catalog.jsonSchema(one.type) }));
        io.stdout.write(pythonModule(described, python));
      } else if (json === true) for (const definition of definitions) writeJson(io.stdout, facts(definition));
      else io.stdout.write(renderDefinitions(io, definitions));
      if (definitions.length === 0) noteUnknownTypes(io, [type], catalog);
    });
}

function showCommand(io: CliIo): Command {
  return createCommand(io, "show", {
    summary: "one type: its fields, an example, how to publish it",
    examples: [["catalog show task.completed", "everything about one type"]],
    exits: { ok: "shown", failed: "the type does not exist, or the configuration is invalid" },
  })
    .argument("<type>", "name of the type")
    .action(async (type: string, _, self: Command) => {
      const { catalog } = await resolveBusOptions(io, self);
      const schema = catalog.jsonSchema(type);
      const definition = catalog.get(type);
      if (definition === undefined) return;
      const { exampleOf } = await import("../../event/example.ts");
      const example = exampleOf(definition);
      if (self.optsWithGlobals<GlobalOptions>().json === true) {
        writeJson(io.stdout, { ...facts(definition), ...(example === undefined ? {} : { example }), schema });
      } else io.stdout.write(renderDefinition(io, definition, schema, example));
    });
}

function schemaCommand(io: CliIo): Command {
  return createCommand(io, "schema", {
    summary: "JSON Schema (2020-12) of one type's data, or of all types",
    description:
      "Prints the JSON Schema (2020-12) of one type's data, or one document with those of all types in $defs.",
    examples: [
      ["catalog schema task.completed", "the schema of one type"],
      ["catalog schema > events.schema.json", "the schemas of all types"],
    ],
    exits: { ok: "printed", failed: "the type does not exist, or the configuration is invalid" },
  })
    .argument("[type]", "name of the type; default: all")
    .action(async (type: string | undefined, _, self: Command) => {
      const schema = (await resolveBusOptions(io, self)).catalog.jsonSchema(type);
      io.stdout.write(`${toJson(schema, self.optsWithGlobals<GlobalOptions>().json === true ? undefined : 2)}\n`);
    });
}

function facts({ type, version, description, history }: EventDefinition): object {
  return { type, version, description, history };
}
