import { defineConfig } from "vitest/config";
import { fromSource } from "./test/support/from-source.ts";

/** What `npm run test:kafka` runs, on a broker of its own: see test/kafka/support. Skipped where there is no Java. */
export default defineConfig({
  test: {
    ...fromSource,
    include: ["test/kafka/**/*.test.ts"],
    globalSetup: ["test/support/build.ts", "test/support/temporary-folder.ts", "test/kafka/support/shared-cluster.ts"],
    retry: 0,
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
