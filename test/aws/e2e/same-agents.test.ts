import { expect, test } from "vitest";
import { outcomeOfAgents, runAgents } from "../../support/same-agents.ts";
import { withStacksOf } from "../rig/own-stacks.ts";
import { busName, patience } from "./settings.ts";

withStacksOf("test/aws/e2e/same-agents-app.ts");

test("the agents that ran on memory, on a file and on kafka run on aws by configuration alone", async () => {
  expect(await runAgents({ engine: "memory" })).toEqual(outcomeOfAgents);
  expect(await runAgents({ engine: "aws", bus: busName }, patience)).toEqual(outcomeOfAgents);
});
