import { readFileSync } from "node:fs";
import * as incubating from "@opentelemetry/semantic-conventions/incubating";
import { expect, test } from "vitest";
import { genAi, messaging, messagingVersion } from "../../../lib/telemetry/semconv.ts";

test("the names of attributes are those of the pinned version of the conventions", () => {
  const { devDependencies } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
  expect(devDependencies["@opentelemetry/semantic-conventions"]).toBe(messagingVersion);
  const names = new Set(
    Object.entries<unknown>({ ...incubating }).flatMap(([name, value]) => (name.startsWith("ATTR_") ? value : [])),
  );
  expect(names.size).toBeGreaterThan(300);
  // Those of GenAI are in a repository of their own; the package names them still, as they were when they moved.
  for (const name of [...Object.values(messaging), ...Object.values(genAi)]) expect(names, name).toContain(name);
  expect(incubating.MESSAGING_OPERATION_TYPE_VALUE_SEND).toBe("send");
  expect(incubating.MESSAGING_OPERATION_TYPE_VALUE_PROCESS).toBe("process");
});
