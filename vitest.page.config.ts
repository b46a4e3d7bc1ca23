import { defineConfig } from "vitest/config";
import local from "./vitest.config.ts";

/** What `npm run test:page` runs: the page in a real browser, against servers in this process. */
export default defineConfig({
  ...local,
  test: {
    include: ["test/page/**/*.test.ts"],
    globalSetup: ["test/support/build.ts", "test/support/temporary-folder.ts"],
    retry: 0,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // One browser at a time.
    fileParallelism: false,
  },
});
