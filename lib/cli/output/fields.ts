import type { CliOutput } from "../io.ts";
import { displayWidth } from "./text.ts";

/** Renders one `name  value` line for each field that has a value. Values may be coloured; long ones are not truncated. */
export function renderFields(output: CliOutput, fields: Readonly<Record<string, string | undefined>>): string {
  const shown = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
  const width = Math.max(0, ...shown.map(({ name }) => displayWidth(name)));
  return shown.map(({ name, value }) => `  ${output.colors.dim(name.padEnd(width))}  ${value}\n`).join("");
}

/** Indents every line. */
export function indent(text: string, by = "  "): string {
  return text.replaceAll(/^/gm, by);
}
