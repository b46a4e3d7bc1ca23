// For `node --import`: has `wagglebus` mean this checkout's sources, and not what was built last.
import { registerHooks } from "node:module";
import { entries } from "../../scripts/entries.mjs";

const sources = new Map(entries.map(({ name, file }) => [name, new URL(`../../${file}`, import.meta.url).href]));

registerHooks({
  resolve: (name, context, next) => {
    const url = sources.get(name);
    return url === undefined ? next(name, context) : { url, shortCircuit: true };
  },
});
