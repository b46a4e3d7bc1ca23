import { defineConfig } from "vitest/config";
import { fromSource } from "./test/support/from-source.ts";

/** What `npm run test:postgres` runs, on a server of its own: see test/postgres/support. */
export default defineConfig({
  test: {
    ...fromSource,
    include: ["test/postgres/**/*.test.ts"],
    globalSetup: [
      "test/support/build.ts",
      "test/support/temporary-folder.ts",
      "test/postgres/support/shared-server.ts",
    ],
    retry: 0,
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
