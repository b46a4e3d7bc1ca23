import { defineConfig } from "vitest/config";
import { first } from "./test/support/first.ts";
import { fromSource } from "./test/support/from-source.ts";

/** What `npm run test:aws` and its like run, once an emulator or an account is ready: see test/aws/run.ts. */
export default defineConfig({
  test: {
    ...fromSource,
    include: ["test/aws/**/*.test.ts"],
    globalSetup: ["test/support/build.ts", "test/support/temporary-folder.ts"],
    retry: 0,
    // Its two files take longer than all others together.
    sequence: { sequencer: first(["/test/aws/contract/"]) },
    // Each file has its own bus, and waits more than it computes: the contract's two, and one of the others at a time.
    maxWorkers: 3,
    testTimeout: 300_000,
    hookTimeout: 600_000,
  },
});
