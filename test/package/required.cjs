// A program of CommonJS: the package has ES modules alone, which `require` loads. See smoke.ts.
const { strict: assert } = require("node:assert");
const { connect } = require("wagglebus");
const { taskCreated } = require("wagglebus/catalog");
const { testBus } = require("wagglebus/testing");

async function main() {
  const bus = await connect({ engine: "embedded", file: "required.db", source: "required" });
  const created = bus.waitFor(taskCreated);
  await bus.publish(taskCreated, { taskId: "1" });
  assert.equal((await created).data.taskId, "1");
  await bus.close();
  assert.deepEqual(testBus().published, []);
  console.log(`a program of CommonJS ran on ${process.argv[2] ?? "this runtime"}`);
}

process.on("warning", (warning) => {
  console.error(warning);
  process.exitCode = 1;
});
main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
