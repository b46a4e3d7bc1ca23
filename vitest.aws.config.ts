import { defineConfig } from "vitest/config";
import local from "./vitest.config.ts";

/** What `npm run test:aws` and its like run, once an emulator or an account is ready: see test/aws/run.ts. */
export default defineConfig({
  ...local,
  test: {
    include: ["test/aws/**/*.test.ts"],
    globalSetup: "test/support/temporary-folder.ts",
    retry: 0,
    // Each file has its own bus; two at once keep an emulator and the functions that it runs busy.
    maxWorkers: 2,
    testTimeout: 300_000,
    hookTimeout: 600_000,
  },
});
