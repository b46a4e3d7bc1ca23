import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { first } from "./test/support/first.ts";
import { fromSource } from "./test/support/from-source.ts";

/** Five seconds and more each, those that mostly wait between those that mostly compute. */
const longest = [
  "/contract/embedded.test",
  "/docs/samples.test",
  "/e2e/cli/mcp-webhooks.test",
  "/e2e/crew/crew.test",
  "/crash/alerts.test",
  "/engines/aws/history/query.property.test",
  "/engines/aws/publish/faults.test",
  "/e2e/clients/go.test",
  "/contract/memory.test",
  "/conformance/event-patterns.test",
  "/e2e/dev/dev.test",
  "/engines/aws/history/cost.test",
  "/contract/example-engine.test",
  "/pattern/pattern-index.test",
  "/crash/outbox.test",
  "/engines/aws/deliveries/properties.test",
  "/e2e/cli/inbox.test",
  "/crash/kill.test",
  "/e2e/cli/waggle.test",
  "/pattern/hostile.test",
  "/crash/moving.test",
  "/infra/schemas.test",
];

export default defineConfig({
  test: {
    ...fromSource,
    globalSetup: ["test/support/build.ts", "test/support/temporary-folder.ts", "test/support/fetch-emulator.ts"],
    retry: 0,
    // Bounds on what hangs, not on what is slow: tests wait for events, and a busy machine may take its time.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 30_000 } },
    // Two more than there are cores: while some wait for a timer or a process, the others compute.
    maxWorkers: availableParallelism() + 2,
    // Property tests make much that is forgotten at once. In the room that Node gives by default, much of it is copied first.
    execArgv: [...fromSource.execArgv, "--max-semi-space-size=64"],
    // The files that a worker runs share its modules: loading the library and the SDK for each file is most of what the
    // unit tests cost. What a file leaves behind in the process fails it.
    isolate: false,
    setupFiles: ["test/support/process-state.ts"],
    sequence: { sequencer: first(longest) },
    projects: [
      {
        extends: true,
        test: {
          name: "infra",
          include: ["test/infra/**/*.test.ts"],
          setupFiles: ["test/infra/remove-assemblies.ts"],
        },
      },
      {
        extends: true,
        test: {
          name: "local",
          include: ["test/**/*.test.ts"],
          // test/aws needs an emulator or an account, npm run test:aws; test/postgres a server, npm run test:postgres; test/kafka
          // a broker, npm run test:kafka; test/otel a collector, npm run test:otel; test/page a browser, npm run test:page.
          exclude: [
            "test/infra/**",
            "test/aws/**",
            "test/contract/http-*.test.ts",
            "test/otel/**",
            "test/page/**",
            "test/postgres/**",
            "test/kafka/**",
          ],
        },
      },
    ],
  },
});
