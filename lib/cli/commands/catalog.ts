import type { Command } from "commander";
import { BusError } from "../../error/bus-error.ts";
import type { Catalog } from "../../event/catalog.ts";
import type { EventDefinition } from "../../event/definition.ts";
import { didYouMean } from "../../event/nearest.ts";
import { shortForm } from "../../event/short-form.ts";
import { addDefaultCommand, createCommand, type GlobalOptions } from "../command.ts";
import type { CliIo } from "../io.ts";
import { resolveBusOptions } from "../open-bus.ts";
import { renderDefinition, renderDefinitions } from "../output/definitions.ts";
import { toJson, writeJson } from "../output/json.ts";

/** `waggle catalog` */
export function catalogCommand(io: CliIo): Command {
  const group = createCommand(io, "catalog", {
    summary: "list types, show one with an example, print JSON Schema",
    description: "The types that this project knows: those of its waggle.config.ts, else the standard ones.",
    examples: [
      ["catalog", "all types"],
      ["catalog list task", 'those with "task" in their name'],
      ["catalog show task.completed", "fields, an example, how to publish it"],
      ["catalog schema > events.schema.json", "JSON Schema of all types"],
    ],
  });
  addDefaultCommand(group, listCommand(io));
  return group.addCommand(showCommand(io)).addCommand(schemaCommand(io));
}

function listCommand(io: CliIo): Command {
  return createCommand(io, "list", {
    summary: "all types",
    examples: [["catalog list memory", 'those with "memory" in their name']],
    exits: { ok: "listed", failed: "no type has the text in its name, or the configuration is wrong" },
  })
    .argument("[text]", "only types with this in their name")
    .action(async (text: string | undefined, _, self: Command) => {
      const catalog = await loadCatalog(io, self);
      const types = catalog.types().filter((type) => text === undefined || type.includes(text));
      if (types.length === 0 && text !== undefined) {
        const fix = didYouMean(text, catalog.types(), "waggle catalog lists all");
        throw new BusError("not_found", `no type has ${shortForm(text)} in its name${fix}`);
      }
      const definitions = types.flatMap((type) => catalog.get(type) ?? []);
      if (self.optsWithGlobals<GlobalOptions>().json !== true)
        return io.stdout.write(renderDefinitions(io, definitions));
      for (const definition of definitions) writeJson(io.stdout, facts(definition));
    });
}

function showCommand(io: CliIo): Command {
  return createCommand(io, "show", {
    summary: "one type: its fields, an example, how to publish it",
    examples: [["catalog show task.completed", "all about a type"]],
    exits: { ok: "shown", failed: "there is no such type, or the configuration is wrong" },
  })
    .argument("<type>", "name of the type")
    .action(async (type: string, _, self: Command) => {
      const catalog = await loadCatalog(io, self);
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
      ["catalog schema task.completed", "of one"],
      ["catalog schema > events.schema.json", "of all"],
    ],
    exits: { ok: "printed", failed: "there is no such type, or the configuration is wrong" },
  })
    .argument("[type]", "name of the type; default: all")
    .action(async (type: string | undefined, _, self: Command) => {
      const schema = (await loadCatalog(io, self)).jsonSchema(type);
      io.stdout.write(`${toJson(schema, self.optsWithGlobals<GlobalOptions>().json === true ? undefined : 2)}\n`);
    });
}

async function loadCatalog(io: CliIo, command: Command): Promise<Catalog> {
  const { catalog } = await resolveBusOptions(io, command);
  return catalog ?? (await import("../../catalog/index.ts")).standardCatalog;
}

function facts({ type, version, description, history }: EventDefinition): object {
  return { type, version, description, history };
}
