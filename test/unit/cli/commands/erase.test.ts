import { expect, test } from "vitest";
import { workspace } from "../test-io.ts";

test("erase counts with --dry-run, erases with --yes, and says by what that is proved", async () => {
  const { bus: withBus, waggle } = workspace();
  const id = await withBus(async (bus) => {
    const data = { card: "4111" };
    await bus.publish({ type: "custom.paid", data, metadata: { userId: "bob" } });
    return (await bus.publish({ type: "custom.paid", data, metadata: { userId: "ada" } })).id;
  });
  const counted = await waggle(["erase", "--user", "ada", "--dry-run"]);
  expect(counted).toMatchObject({ code: 0, out: "would erase 1 event and 0 dead letters (dry run)\n" });
  const erased = await waggle(["erase", "--user", "ada", "--reason", "request 12", "--yes"]);
  expect(erased.out).toMatch(
    /^erased 1 event and 0 dead letters, proof \S+\n {2}before [0-9a-f]{64}\n {2}after {2}[0-9a-f]{64}\n$/,
  );
  await withBus(async (bus) => {
    expect((await bus.history.get(id))?.data).toEqual({});
    const { events } = await bus.history.query({ type: "system.data.erased" });
    expect(events).toMatchObject([{ data: { userId: "ada", events: 1, reason: "request 12" } }]);
    const { events: paid } = await bus.history.query({ userId: "bob" });
    expect(paid).toMatchObject([{ data: { card: "4111" } }]);
  });
  expect(await waggle(["erase", id, "--dry-run"])).toMatchObject({
    out: "would erase 0 events and 0 dead letters (dry run)\n",
  });
});

test.each([[[]], [["--user", "a", "--correlation-id", "b"]], [["--user", "a", "id-1"]]])(
  "erase %j is refused: it names nothing, or too much",
  async (argv) => {
    const { code, err } = await workspace().waggle(["erase", ...argv, "--yes"]);
    expect(code).toBe(2);
    expect(err).toContain("exactly one of --user");
  },
);

test("erase asks first", async () => {
  const { bus: withBus, waggle } = workspace();
  await withBus((bus) => bus.publish({ type: "custom.paid", data: {}, metadata: { userId: "ada" } }));
  const { code, err } = await waggle(["erase", "--user", "ada"]);
  expect(code).toBe(2);
  expect(err).toContain("Confirm with --yes");
});
