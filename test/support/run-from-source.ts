// For `node --import`: has `wagglebus` mean this checkout's sources, and not what was built last.
import { registerHooks } from "node:module";
import { entries } from "./entries.ts";

const sources = new Map(
  Object.entries(entries).map(([name, path]) => [name, new URL(`../../lib/${path}`, import.meta.url).href]),
);

registerHooks({
  resolve: (name, context, next) => {
    const url = sources.get(name);
    return url === undefined ? next(name, context) : { url, shortCircuit: true };
  },
});
