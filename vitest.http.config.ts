import { defineConfig } from "vitest/config";
import { fromSource } from "./test/support/from-source.ts";

/** What `npm run test:http` runs: the contract over HTTP, on servers in processes of their own. */
export default defineConfig({
  test: {
    ...fromSource,
    include: ["test/contract/http-*.test.ts"],
    globalSetup: ["test/support/build.ts", "test/support/temporary-folder.ts"],
    retry: 0,
    // Each file has its own servers, and waits more than it computes.
    maxWorkers: 3,
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
