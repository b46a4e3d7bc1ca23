import { expect, test } from "vitest";
import { missingForKafka } from "./support/java.ts";
import { noKafka } from "./support/open.ts";

test("the suite runs where a broker can be run, and says why where it cannot", () => {
  expect(missingForKafka() === undefined).toBe(!noKafka);
});
