import { defineConfig } from "vitest/config";

const here = (path: string) => new URL(path, import.meta.url).pathname;

export default defineConfig({
  resolve: {
    alias: [
      { find: /^wagglebus$/, replacement: here("./lib/index.ts") },
      { find: /^wagglebus\/catalog$/, replacement: here("./lib/catalog/index.ts") },
      { find: /^wagglebus\/testing$/, replacement: here("./lib/testing/index.ts") },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    typecheck: { enabled: true, include: ["test/types/**/*.test-d.ts"], checker: "tsc" },
    retry: 0,
  },
});
