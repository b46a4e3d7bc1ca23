// A TypeDoc plugin: names each module, and so its page, after its entry, where TypeDoc takes the path of the source file.
import { entries } from "../entries.mjs";

const names = new Map(entries.map(({ file, page }) => [file.replace(/(\/index)?\.ts$/, ""), page]));

/** @param {{ converter: { on(event: "resolveBegin", act: (context: Context) => void): void } }} application */
export function load({ converter }) {
  converter.on("resolveBegin", ({ project }) => {
    for (const module of project.children ?? []) module.name = names.get(module.name) ?? module.name;
  });
}

/** @typedef {{ project: { children?: { name: string }[] } }} Context */
