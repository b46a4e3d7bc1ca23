import { expect, test } from "vitest";
import { workspace } from "../unit/cli/test-io.ts";

// `waggle dlq --file other.db` suggested "waggle dlq show ID", which opened another bus and found nothing.
test("the hints of dlq and flow name the bus that the command line selects", async () => {
  const space = workspace();
  const flow = await space.bus(async (bus) => {
    await bus.subscribe({ name: "readers", on: "task.created", attempts: 1 }, () => {
      throw new Error("cannot read");
    });
    const event = await bus.publish({ type: "task.created", data: { taskId: "a" } });
    return bus.settled(event.id);
  });
  const { err } = await space.waggle(["dlq", "--file", ".waggle/bus.db"]);
  expect(err).toContain("waggle --file .waggle/bus.db dlq show ID says more");
  const shown = await space.waggle(["flow", flow.id, "--file", `${space.cwd}/.waggle/../.waggle/bus.db`]);
  expect(shown.err).toContain(
    `waggle --file ${space.cwd}/.waggle/../.waggle/bus.db dlq list --correlation-id ${flow.id}`,
  );
  const [, hinted] = /waggle (.*)\n/.exec(shown.err) ?? [];
  const followed = await space.waggle([...(hinted ?? "").split(" "), "--json"]);
  expect(followed.json).toHaveLength(1);
  expect((await space.waggle(["dlq"])).err).toContain("waggle dlq show ID says more");
});
