import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";

/**
 * Node ended such a process with exit code 13, since nothing that it waited for kept it alive. The timer that publishes does
 * not keep it alive either, so it fires only if the tail does.
 */
const script = `
import { connect } from ${JSON.stringify(new URL("../../lib/index.ts", import.meta.url).href)};
const bus = await connect({ engine: "memory", source: "regression" });
setTimeout(() => bus.publish({ type: "custom.seen", data: {} }), 20).unref();
for await (const event of bus.history.tail()) {
  console.log(event.type);
  break;
}
await bus.close();
`;

it("a process that only tails stays alive until an event comes", () => {
  const child = spawnSync(process.execPath, ["--input-type=module", "-"], { input: script, encoding: "utf8" });
  expect(child).toMatchObject({ status: 0, stdout: "custom.seen\n" });
});
