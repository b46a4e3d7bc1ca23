import { afterEach, expect, test } from "vitest";
import { connect, createCatalog } from "../../lib/index.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { delta, followed, made } from "./events.ts";
import { Processes } from "./processes.ts";

const { path, remove } = await temporaryDirectory();
const processes = new Processes(path);
afterEach(async () => {
  processes.killAll();
  await remove();
});

test("a stopped process is not overtaken, however often others check for processes that have ended; continued, it ends what it began", {
  timeout: 120_000,
}, async () => {
  const bus = await connect({
    engine: "embedded",
    file: processes.file,
    source: "crash",
    catalog: createCatalog({ made, followed, delta }),
    logLevel: "silent",
  });
  const starts = (id: string) =>
    processes.notes().filter(({ what, words }) => what === "start" && words[0] === "everything" && words[1] === id);
  const holdOne = async (id: string) => {
    const run = await processes.start("hold");
    await bus.publish(delta, { key: "key" }, { id });
    await eventually(`${id} is held`, () => starts(id).length === 1);
    return run;
  };

  const stopped = await holdOne("of-the-stopped");
  processes.signal(stopped, "SIGSTOP");
  // A process that finds a killed one has checked the stopped one as well, since that was listed before.
  for (const id of ["of-the-first-killed", "of-the-second-killed"]) {
    const killed = await holdOne(id);
    await processes.kill(killed);
    const successor = await processes.start("hold");
    await eventually(`${id} is taken over`, () => starts(id).length === 2);
    expect(starts("of-the-stopped").length).toBe(1);
    await processes.kill(successor);
  }

  processes.signal(stopped, "SIGCONT");
  processes.tell(stopped);
  await eventually("it has ended what it began", () =>
    processes.notes().some(({ what, words }) => what === "done" && words[1] === "of-the-stopped"),
  );
  expect(starts("of-the-stopped").map(({ words }) => words[3])).toEqual(["1"]);
  await bus.close();
});
