import { Command } from "commander";
import { expect, test } from "vitest";
import { globalOptions } from "../../../lib/cli/command.ts";
import { waggleCommand } from "../../../lib/cli/waggle-command.ts";
import { testIo, workspace } from "./test-io.ts";

test("an unknown engine is refused with a list of the engines", async () => {
  const { code, err } = await workspace().waggle(["history", "--engine", "sqlite"]);
  expect(code).toBe(2);
  expect(err).toContain("unknown engine 'sqlite'; the engines are embedded, memory, aws, postgres, kafka, http");
});

test("the aws engine requires a bus, and a bus requires the aws engine", async () => {
  const { waggle } = workspace();
  expect(await waggle(["history", "--engine", "aws"])).toMatchObject({
    code: 1,
    err: expect.stringContaining("bus is missing; set `bus`, WAGGLE_BUS or --bus"),
  });
  expect(await waggle(["history", "--bus", "agents"])).toMatchObject({
    code: 1,
    err: expect.stringContaining('engine is missing; set engine "aws", WAGGLE_ENGINE=aws or --engine aws'),
  });
  expect(await waggle(["history", "--engine", "aws", "--bus", "agents", "--file", "bus.db"])).toMatchObject({
    code: 1,
    err: expect.stringContaining("file is for the embedded engine"),
  });
});

test("dev refuses a deployed bus without opening it", async () => {
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

test("catalog works without access to AWS", async () => {
  const { waggle } = workspace();
  expect((await waggle(["catalog", "--engine", "aws", "--bus", "agents", "--json"])).code).toBe(0);
});

test("a hint repeats the options that select a deployed bus", () => {
  const command = new Command();
  for (const option of globalOptions()) command.addOption(option);
  command.parse(["--engine", "aws", "--bus", "agents"], { from: "user" });
  expect(waggleCommand(testIo("/", {}).io, command)).toBe("waggle --engine aws --bus agents");
});
