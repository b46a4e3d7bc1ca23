import { defineConfig } from "vitest/config";
import local from "./vitest.config.ts";

/** What `npm run test:http` runs: the contract over HTTP, on servers in processes of their own. */
export default defineConfig({
  ...local,
  test: {
    include: ["test/contract/http-*.test.ts"],
    globalSetup: "test/support/temporary-folder.ts",
    retry: 0,
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
