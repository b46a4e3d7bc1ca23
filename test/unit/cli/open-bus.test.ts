import { Command } from "commander";
import { expect, test } from "vitest";
import { globalOptions } from "../../../lib/cli/command.ts";
import { waggleCommand } from "../../../lib/cli/waggle-command.ts";
import { testIo, workspace } from "./test-io.ts";

test("an engine that is none is refused with those that there are", async () => {
  const { code, err } = await workspace().waggle(["history", "--engine", "sqlite"]);
  expect(code).toBe(2);
  expect(err).toContain("there is no engine 'sqlite'; there are embedded, memory, aws");
});

test("the aws engine needs a bus, and a bus its engine", async () => {
  const { waggle } = workspace();
  expect(await waggle(["history", "--engine", "aws"])).toMatchObject({
    code: 1,
    err: expect.stringContaining("no bus is named; give `bus`, WAGGLE_BUS or --bus"),
  });
  expect(await waggle(["history", "--bus", "agents"])).toMatchObject({
    code: 1,
    err: expect.stringContaining('no engine is named; give engine "aws", WAGGLE_ENGINE=aws or --engine aws'),
  });
  expect(await waggle(["history", "--engine", "aws", "--bus", "agents", "--file", "bus.db"])).toMatchObject({
    code: 1,
    err: expect.stringContaining("file is for the embedded engine"),
  });
});

test("dev says that it is not for a deployed bus, and opens none", async () => {
  const { code, err } = await workspace().waggle([
    "dev",
    "--import",
    "agents.ts",
    "--engine",
    "aws",
    "--bus",
    "agents",
  ]);
  expect(code).toBe(1);
  expect(err).toContain("waggle dev runs functions and their bus on this machine");
  expect(err).toContain("waggle dev --engine embedded");
});

test("catalog and pattern need nothing of AWS", async () => {
  const { waggle } = workspace();
  expect((await waggle(["catalog", "--engine", "aws", "--bus", "agents", "--json"])).code).toBe(0);
});

test("a hint names the deployed bus that the command line named", () => {
  const command = new Command();
  for (const option of globalOptions()) command.addOption(option);
  command.parse(["--engine", "aws", "--bus", "agents"], { from: "user" });
  expect(waggleCommand(testIo("/", {}).io, command)).toBe("waggle --engine aws --bus agents");
});
