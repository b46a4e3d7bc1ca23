// Bundles the library and the command into a build: `node scripts/bundle-library.ts <folder of the build>`. One step of
// `npm run build`. Node takes longer to find and read a module than to run it, and the sources are hundreds of small ones.
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type ChunkingContext, type Plugin, rolldown } from "rolldown";
import { entries } from "./entries.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const [build] = process.argv.slice(2);
if (build === undefined) throw new Error("usage: node scripts/bundle-library.ts <folder of the build>");

const inputs = [
  ...entries.map(({ file }) => file),
  "bin/waggle.ts",
  "bin/stacks.ts",
  // lib/connect/load-engine.ts imports it by a name that no bundler follows.
  "lib/engines/aws/index.ts",
];

const parts = readdirSync(join(root, "lib/cli/commands")).map((name) => `lib/cli/commands/${name}`);

let chunkOf: ReadonlyMap<string, string> | undefined;

/**
 * One chunk for the modules that the same of these programs load. So each loads a few files, and none loads what its sources would
 * not. Of other modules the bundler makes a chunk for those that the same entries load.
 */
function nameOfChunk(id: string, context: ChunkingContext): string | null {
  chunkOf ??= assign(context);
  return chunkOf.get(id) ?? null;
}

function assign(context: ChunkingContext): Map<string, string> {
  const library = loadedBy("lib/index.ts", context);
  const isLight = (id: string) =>
    library.has(id) && ![...loadedBy(id, context)].some((loaded) => importsOf(loaded, context).includes("zod"));
  const programs = {
    library,
    browser: loadedBy("lib/browser/index.ts", context),
    catalog: loadedBy("lib/catalog/index.ts", context),
    function: loadedBy("lib/lambda/index.ts", context),
    // Before it knows what it has to do.
    command: loadedBy("lib/cli/run.ts", context),
    // Of its parts before they do what they do. What needs zod takes longer to load than all else, and few of the parts need that.
    parts: new Set(parts.flatMap((file) => [...loadedBy(file, context)].filter(isLight))),
  };
  const assigned = new Map<string, string>();
  for (const [name, loaded] of Object.entries(programs)) {
    for (const id of loaded) assigned.set(id, [assigned.get(id) ?? [], name].flat().join("-"));
  }
  // The aws engine has more in common with them than the library has.
  for (const [id, name] of assigned) if (name === "function") assigned.delete(id);
  return assigned;
}

/** The modules of the library that are loaded with one of them. */
function loadedBy(file: string, context: ChunkingContext): ReadonlySet<string> {
  const loaded = new Set([resolve(root, file)]);
  for (const id of loaded) {
    for (const imported of importsOf(id, context)) if (imported.startsWith(join(root, "lib/"))) loaded.add(imported);
  }
  return loaded;
}

function importsOf(id: string, context: ChunkingContext): readonly string[] {
  return context.getModuleInfo(id)?.importedIds ?? [];
}

/** Chunks that import each other may use what an entry has. What an entry exports is public, so it has to stay what its source says. */
const keepEntries: Plugin = {
  name: "keep-entries",
  generateBundle(_, files) {
    const exportsOf = (id: string): readonly string[] => {
      const { exports = [], importedIds = [] } = this.getModuleInfo(id) ?? {};
      return exports.includes("*") ? [...exports, ...importedIds.flatMap(exportsOf)] : exports;
    };
    for (const file of Object.values(files)) {
      if (file.type !== "chunk" || !file.isEntry || file.facadeModuleId === null) continue;
      const known = exportsOf(file.facadeModuleId);
      const added = file.exports.filter((name) => !known.includes(name));
      if (added.length > 0) throw new Error(`${file.fileName} exports more than its source: ${added.join(", ")}`);
    }
  },
};

const bundle = await rolldown({
  cwd: root,
  input: Object.fromEntries(inputs.map((file) => [file.replace(/\.ts$/, ""), file])),
  platform: "node",
  // Packages are the user's; a path is the library's own.
  external: /^[^./]/,
  transform: { target: "es2024" },
  treeshake: { moduleSideEffects: false },
  tsconfig: false,
  // What the groups below need.
  preserveEntrySignatures: "allow-extension",
  plugins: [keepEntries],
});
await bundle.write({
  dir: build,
  format: "esm",
  entryFileNames: "[name].js",
  chunkFileNames: "lib/chunks/[name]-[hash].js",
  sourcemap: true,
  codeSplitting: {
    groups: [{ name: nameOfChunk, debugName: "what is loaded together" }],
    includeDependenciesRecursively: false,
  },
});
