import { defineConfig } from "vitest/config";
import local from "./vitest.config.ts";

/** What `npm run test:otel` runs: spans sent to OpenTelemetry's collector, and taken from it. */
export default defineConfig({
  ...local,
  test: {
    include: ["test/otel/**/*.test.ts"],
    globalSetup: ["test/support/build.ts", "test/support/temporary-folder.ts"],
    retry: 0,
    testTimeout: 180_000,
    // The collector is built where this checkout has not built it yet.
    hookTimeout: 900_000,
  },
});
