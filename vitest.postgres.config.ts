import { defineConfig } from "vitest/config";
import local from "./vitest.config.ts";

/** What `npm run test:postgres` runs, on a server of its own: see test/postgres/support. */
export default defineConfig({
  ...local,
  test: {
    include: ["test/postgres/**/*.test.ts"],
    globalSetup: ["test/support/temporary-folder.ts", "test/postgres/support/shared-server.ts"],
    retry: 0,
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
