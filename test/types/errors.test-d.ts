import { describe, expectTypeOf, it } from "vitest";
import {
  BusError,
  type BusErrorCode,
  type busErrorCodes,
  type DeadLetterQuery,
  type Failure,
  isBusErrorCode,
} from "wagglebus";

describe("the codes", () => {
  it("are one set for errors, failures and queries", () => {
    expectTypeOf<Failure["code"]>().toEqualTypeOf<BusErrorCode>();
    expectTypeOf<BusError["code"]>().toEqualTypeOf<BusErrorCode>();
    expectTypeOf<DeadLetterQuery["code"]>().toEqualTypeOf<BusErrorCode | undefined>();
    expectTypeOf<(typeof busErrorCodes)[number]>().toExtend<BusErrorCode>();
  });

  it("are open for engines, by a prefix", () => {
    new BusError("engine:postgres_deadlock", "two wait for each other");
    // @ts-expect-error there is no such code
    new BusError("deadlock", "two wait for each other");
    // @ts-expect-error a misspelt code would match nothing
    const query: DeadLetterQuery = { code: "handler-error" };
    expectTypeOf(query).toBeObject();
  });

  it("can be told from any text", () => {
    const text: string = "timeout";
    if (isBusErrorCode(text)) expectTypeOf(text).toEqualTypeOf<BusErrorCode>();
  });
});
