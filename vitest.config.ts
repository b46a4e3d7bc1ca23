import { defineConfig } from "vitest/config";

const here = (path: string) => new URL(path, import.meta.url).pathname;

export default defineConfig({
  resolve: {
    alias: [
      { find: /^wagglebus$/, replacement: here("./lib/index.ts") },
      { find: /^wagglebus\/catalog$/, replacement: here("./lib/catalog/index.ts") },
      { find: /^wagglebus\/engine$/, replacement: here("./lib/engine-entry.ts") },
      { find: /^wagglebus\/engine\/contract$/, replacement: here("./lib/engine/contract/index.ts") },
      { find: /^wagglebus\/engine\/contract\/worker$/, replacement: here("./lib/engine/contract/worker.ts") },
      { find: /^wagglebus\/lambda$/, replacement: here("./lib/lambda/index.ts") },
      { find: /^wagglebus\/cdk$/, replacement: here("./lib/cdk/index.ts") },
      { find: /^wagglebus\/testing$/, replacement: here("./lib/testing/index.ts") },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    // They need an emulator or an account: vitest.aws.config.ts, npm run test:aws.
    exclude: ["test/aws/**"],
    globalSetup: "test/support/temporary-folder.ts",
    typecheck: { enabled: true, include: ["test/types/**/*.test-d.ts"], checker: "tsc" },
    retry: 0,
    // Bounds on what hangs, not on what is slow: tests wait for events, and a busy machine may take its time.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
