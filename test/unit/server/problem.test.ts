import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { busErrorCodes } from "../../../lib/error/bus-error.ts";
import { BusError } from "../../../lib/index.ts";
import { problemResponse, statusOf, toAnswerable, toProblem } from "../../../lib/server/http/problem.ts";
import { Refusal, type RefusalCode, refusalStatus } from "../../../lib/server/http/refusal.ts";

const refusalCodes = Object.keys(refusalStatus) as RefusalCode[];

test("every code is answered under its own name, an engine's own too", () => {
  for (const code of [...busErrorCodes, "engine:postgres_serialization"] as const) {
    const error = new BusError(code, "what; fix", { details: { path: "data.a" } });
    expect(toProblem(error)).toMatchObject({
      type: `urn:waggle:error:${code}`,
      status: statusOf(code),
      detail: "what; fix",
      code,
      retryable: error.retryable,
      path: "data.a",
    });
  }
  expect(statusOf("engine:postgres_serialization")).toBe(500);
});

test("the page of the documentation has the status of every code", () => {
  const page = readFileSync(new URL("../../../docs/http/serve.md", import.meta.url), "utf8");
  const documented = [...page.matchAll(/^\| (`[a-z_`, :…]+`) \| (\d{3}) \|/gm)].flatMap(([, codes = "", status]) =>
    codes.split(", ").map((code) => [code.slice(1, -1), Number(status)]),
  );
  const expected = [...busErrorCodes, ...refusalCodes].map((code) => [code, statusOf(code)]);
  expect(Object.fromEntries(documented)).toEqual({ ...Object.fromEntries(expected), "engine:…": 500 });
});

test("who may try again is told when", () => {
  expect(problemResponse(new BusError("throttled", "full")).headers.get("retry-after")).toBe("1");
  expect(problemResponse(new BusError("closed", "closed")).headers.get("retry-after")).toBe(null);
});

test("what is no error of the bus is answered without its message", () => {
  const error = toAnswerable(new Error("/home/ada/secret"));
  expect(JSON.stringify(toProblem(error))).not.toContain("secret");
  expect(error).toMatchObject({ code: "unavailable", retryable: false });
  const refusal = new Refusal("forbidden", "no");
  expect(toAnswerable(refusal)).toBe(refusal);
});
