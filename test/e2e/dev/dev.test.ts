import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Bus, connect } from "wagglebus";
import { type ProjectFolder, projectFolder } from "../../support/project-folder.ts";
import { devRecords, runWaggle, startWaggle } from "./dev.ts";

let here: ProjectFolder;
beforeEach(async () => {
  here = await projectFolder();
});
afterEach(() => here.remove());

/** Writes one function of the project. */
async function writeFunction(name: string, subscription: string, handler: string, folder = "functions"): Promise<void> {
  await here.write(
    `${folder}/${name}/subscription.ts`,
    `import { defineSubscription } from "wagglebus";
     export default defineSubscription({ name: "${name}", ${subscription} });`,
  );
  await here.write(`${folder}/${name}/handler.ts`, handler);
}

/** The bus of the project, open for `use` only. */
async function onBus<Result>(use: (bus: Bus) => Promise<Result>): Promise<Result> {
  const bus = await connect({ file: join(here.path, ".waggle/bus.db"), source: "test" });
  try {
    return await use(bus);
  } finally {
    await bus.close();
  }
}

function publish(name: string): Promise<void> {
  return onBus(async (bus) => {
    await bus.publish({ type: "custom.arrived", data: { name } });
  });
}

const greet = `export default async (event, { bus, log }) => {
  log.info("greeting", { who: event.data.name });
  await bus.publish({ type: "custom.greeted", source: "greeter", data: { name: event.data.name } });
};`;
const fail = 'export default () => { throw new Error("no address"); };';

/** Publishes while a run goes on, and stops it at the line that is waited for. Gives how it ended. */
async function runUntil(line: string, ...args: readonly string[]) {
  const run = startWaggle(here.path, ["dev", "--no-serve", ...args], (text) => {
    if (text.startsWith("waiting for events")) publish("Ada");
    if (text.startsWith(line)) run.kill("SIGINT");
  });
  return run.ended;
}

describe("waggle dev", () => {
  test("handles what others publish, shows it, and ends at Ctrl-C with 130", async () => {
    await writeFunction("greeter", 'on: "custom.arrived"', greet);
    await writeFunction("mailer", 'on: "custom.greeted"', "export default () => {};");
    const { code, stdout, stderr } = await runUntil("done in mailer: custom.greeted");
    expect(code).toBe(130);
    expect(stdout).toMatch(
      /^2 functions at work: greeter, mailer\nwaiting for events in \.waggle\/bus\.db; Ctrl-C ends\n/,
    );
    expect(stdout).toMatch(/^\S+Z {2}custom\.arrived +test +name=Ada$/m);
    expect(stdout).toMatch(/^greeter: greeting who=Ada$/m);
    expect(stdout).toMatch(/^done in greeter: custom\.arrived, \d+ms$/m);
    expect(stderr).toMatch(/^interrupted: stopped; run it again and it goes on where it stopped$/m);
  });

  test("shows each failed attempt and the dead letter", async () => {
    await writeFunction("mailer", 'on: "custom.arrived", attempts: 2, backoff: { from: 1 }', fail);
    const { stdout } = await runUntil("dead in mailer");
    expect(stdout).toContain("failed in mailer: custom.arrived: no address (attempt 1; it is tried again)\n");
    expect(stdout).toContain("dead in mailer: custom.arrived: no address\n");
  });

  test("a handler that is running at Ctrl-C finishes; what waits is done by the next run, and nothing twice", async () => {
    await writeFunction(
      "slow",
      'on: "custom.arrived", concurrency: 1',
      `export default async (event, { bus }) => {
         console.log("began " + event.data.name);
         if (event.data.name === "Ada") await new Promise((resolve) => process.once("SIGINT", resolve));
         await bus.publish({ type: "custom.ended", source: "slow", data: event.data });
       };`,
    );
    await runWaggle(here.path, "dev", "--until-idle");
    for (const name of ["Ada", "Bob"]) await publish(name);
    const run = startWaggle(here.path, ["dev", "--no-serve"], (line) => {
      if (line.startsWith("began")) run.kill("SIGINT");
    });
    const { code, stdout, stderr } = await run.ended;
    expect(code).toBe(130);
    expect(stdout).toMatch(/^done in slow/m);
    expect(stderr).toContain("1 handler may finish; Ctrl-C again ends at once\n");
    expect(stderr).toMatch(/^interrupted: 1 delivery left; run it again/m);
    const next = await devRecords(here.path, "--until-idle");
    expect(next.of("plan")).toMatchObject([{ functions: ["slow"], leftOver: 1 }]);
    const { events } = await onBus((bus) => bus.history.query({ type: "custom.ended" }));
    expect(events.map(({ data }) => data)).toEqual([{ name: "Bob" }, { name: "Ada" }]);
  });

  test("killed in the middle of a handler, the next run does it again", async () => {
    await writeFunction(
      "once",
      'on: "custom.arrived"',
      `import { existsSync, writeFileSync } from "node:fs";
       export default async () => {
         if (existsSync("began")) return;
         writeFileSync("began", "");
         process.kill(process.pid, "SIGKILL");
       };`,
    );
    await runWaggle(here.path, "dev", "--until-idle");
    await publish("Ada");
    expect((await runWaggle(here.path, "dev", "--until-idle")).signal).toBe("SIGKILL");
    const { code, of } = await devRecords(here.path, "--until-idle");
    expect(code).toBe(0);
    expect(of("handled")).toMatchObject([{ subscription: "once", attempt: 2 }]);
  });

  test("--functions names another folder", async () => {
    await writeFunction("greeter", 'on: "custom.arrived"', greet, "agents");
    const { stdout } = await runUntil("done in greeter", "--functions", "agents");
    expect(stdout).toContain("1 function at work: greeter\n");
  });

  test("where there is no function and no module, it says what to add, and begins nothing", async () => {
    const { code, stderr } = await runWaggle(here.path, "dev");
    expect(code).toBe(1);
    expect(stderr).toBe(
      "not_found: there is no folder functions/ here; add functions/<name>/subscription.ts and handler.ts, name another " +
        "folder with --functions, or load a module that subscribes by itself with --import\n",
    );
    expect(await readdir(here.path)).toEqual([]);
  });

  test("a folder that was named and is not there is an error, also beside a module", async () => {
    await here.write("agents.ts", "");
    const { code, stderr } = await runWaggle(here.path, "dev", "--functions", "agents", "--import", "agents.ts");
    expect(code).toBe(1);
    expect(stderr).toContain("the folder agents does not exist; add agents/<name>/subscription.ts and handler.ts");
  });

  test("a line of options that makes no sense is refused with the usage", async () => {
    await writeFunction("greeter", 'on: "custom.arrived"', greet);
    const strict = await runWaggle(here.path, "dev", "--strict");
    expect([strict.code, strict.stderr]).toEqual([2, expect.stringContaining("add --until-idle")]);
    expect((await runWaggle(here.path, "dev", "docs")).code).toBe(2);
  });
});

describe("waggle dev --until-idle", () => {
  test("ends when nothing is under way, retries included, and sums up", async () => {
    await writeFunction(
      "mailer",
      'on: "custom.arrived", from: "beginning", attempts: 3, backoff: { from: 1 }',
      `export default (event, { attempt }) => {
        if (event.data.name === "Bob" || attempt < 3) throw new Error("no address of " + event.data.name);
      };`,
    );
    for (const name of ["Ada", "Bob"]) await publish(name);
    const { code, stdout } = await runWaggle(here.path, "dev", "--until-idle");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Handled 1 delivery in \S+; 5 failed attempts; 1 dead letter\.$/m);
    expect(stdout).toMatch(/^Slowest steps\n +\d+ms {2}mailer {2}custom\.arrived$/m);
    expect(stdout).toMatch(/^Dead letters\n {2}mailer custom\.arrived: no address of Bob\n {4}waggle dlq show \S+\n/m);
    expect(stdout).not.toContain("waiting for events");
  });

  test("--strict exits with 1 while one of these subscriptions has a dead letter, and not for one of others", async () => {
    await writeFunction("mailer", 'on: "custom.arrived", from: "beginning", attempts: 1', fail);
    await publish("Ada");
    expect((await devRecords(here.path, "--until-idle", "--strict")).code).toBe(1);
    const again = await devRecords(here.path, "--until-idle", "--strict");
    expect(again.code).toBe(1);
    expect(again.of("summary")).toMatchObject([{ handled: 0, failed: 0, deadLetters: [{ message: "no address" }] }]);
    await writeFunction("greeter", 'on: "custom.arrived"', greet, "agents");
    expect((await devRecords(here.path, "--until-idle", "--strict", "--functions", "agents")).code).toBe(0);
  });

  test("with --json stdout is NDJSON whatever handlers print, and says who handled what", async () => {
    await writeFunction(
      "greeter",
      'on: "custom.arrived", from: "beginning"',
      `console.log("loaded");
       export default async (event, { bus }) => {
         console.log("hello", event.data);
         await bus.publish({ type: "custom.greeted", source: "greeter", data: {} });
       };`,
    );
    await writeFunction("mailer", 'on: "custom.greeted", attempts: 1', fail);
    await publish("Ada");
    const { code, parsed, of, stderr } = await devRecords(here.path, "--until-idle");
    expect(code).toBe(0);
    expect(stderr).toBe("loaded\nhello { name: 'Ada' }\n");
    expect(of("plan")).toEqual([{ kind: "plan", functions: ["greeter", "mailer"], imports: [], leftOver: 0 }]);
    expect(of("event")).toMatchObject([{ type: "custom.greeted", source: "greeter" }]);
    expect(of("handled")).toMatchObject([{ subscription: "greeter", type: "custom.arrived", attempt: 1 }]);
    expect(of("failure")).toMatchObject([{ subscription: "mailer", message: "no address", dead: true }]);
    expect(parsed.at(-1)).toMatchObject({
      kind: "summary",
      handled: 1,
      failed: 1,
      events: { "custom.greeted": 1 },
      slowest: [{ subscription: "greeter" }],
      deadLetters: [{ subscription: "mailer", what: "custom.greeted", attempts: 1 }],
    });
  });

  test("two at once share the work", async () => {
    await writeFunction("greeter", 'on: "custom.arrived", from: "beginning"', greet);
    await onBus(async (bus) => {
      await bus.publishAll(Array.from({ length: 50 }, (_, one) => ({ type: "custom.arrived", data: { one } })));
    });
    const runs = await Promise.all([devRecords(here.path, "--until-idle"), devRecords(here.path, "--until-idle")]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0]);
    expect(runs.flatMap(({ of }) => of("handled"))).toHaveLength(50);
  });
});

describe("waggle dev --import", () => {
  const module = (body: string) => `import { getBus } from "wagglebus";\nconst bus = await getBus();\n${body}`;

  test("a module subscribes by itself on the bus that getBus gives, and is watched like a function", async () => {
    await here.write(
      "agents.ts",
      module(`await bus.subscribe({ name: "greeter", on: "custom.arrived" }, ${greet.replace("export default ", "").slice(0, -1)});
        await bus.subscribe({ on: "custom.greeted", attempts: 1 }, () => { throw new Error("no address"); });
        await bus.publish({ type: "custom.arrived", source: "agents", data: { name: "Ada" } });
        await bus.close();`),
    );
    const { code, of } = await devRecords(here.path, "--import", "./agents.ts", "--until-idle");
    expect(code).toBe(0);
    const subscriptions = ["greeter", expect.stringMatching(/^unnamed-/)];
    expect(of("plan")).toMatchObject([{ functions: [], imports: [{ file: "agents.ts", subscriptions }] }]);
    expect(of("event").map(({ type }) => type)).toEqual(["custom.arrived", "custom.greeted"]);
    expect(of("handled")).toMatchObject([{ subscription: "greeter" }]);
    expect(of("failure")).toMatchObject([{ message: "no address", dead: true }]);
  });

  test("runs beside the functions of the project, whatever else lies in that folder", async () => {
    await writeFunction("greeter", 'on: "custom.arrived"', greet);
    await here.write("functions/src/index.ts", "throw new Error('not for waggle');");
    await here.write("one.ts", module('await bus.subscribe({ name: "one", on: "custom.greeted" }, () => {});'));
    await here.write(
      "two.ts",
      module('await bus.publish({ type: "custom.arrived", source: "two", data: { name: "Ada" } });'),
    );
    const { stdout } = await runWaggle(here.path, "dev", "--import", "one.ts", "--import", "two.ts", "--until-idle");
    expect(stdout).toContain("1 function at work: greeter\n");
    expect(stdout).toContain("1 subscription of one.ts at work: one\n");
    expect(stdout).toContain("warning: two.ts did not subscribe on the bus of this command");
    expect(stdout).toMatch(/^Handled 2 deliveries/m);
  });

  test.each([
    ["a file that is not there", "gone.ts", undefined, "the file gone.ts does not exist; --import must name a module"],
    ["a module that fails", "bad.ts", "throw new Error('oh');", "bad.ts could not be loaded: oh"],
  ])("%s is named", async (_, file, content, message) => {
    if (content !== undefined) await here.write(file, content);
    const { code, stderr } = await runWaggle(here.path, "dev", "--import", file);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
  });

  // `npm init -y` has made projects CommonJS since npm 11.
  test("a project that is not of ES modules is told how to become one, for a module and the configuration", async () => {
    await here.write("package.json", '{ "type": "commonjs" }');
    await here.write("agents.ts", 'import { getBus } from "wagglebus";\n');
    const fix = 'set "type": "module" in its package.json (npm pkg set type=module)';
    for (const file of ["agents.ts", "waggle.config.ts"]) {
      if (file === "waggle.config.ts") await here.write(file, "export default {};\n");
      const { code, stderr } = await runWaggle(here.path, "dev", "--import", "agents.ts");
      expect(code, file).toBe(1);
      expect(stderr, file).toContain(file);
      expect(stderr, file).toContain(fix);
    }
  });

  test("Ctrl-C ends it while a module is still loading", async () => {
    await here.write("agents.ts", "console.log('loading'); await new Promise(() => {});");
    const run = startWaggle(here.path, ["dev", "--no-serve", "--import", "agents.ts"], (line) => {
      if (line === "loading") run.kill("SIGINT");
    });
    expect((await run.ended).code).toBe(130);
  });
});
