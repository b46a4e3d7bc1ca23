import { expect, test } from "vitest";
import { toBusError } from "../../../lib/error/bus-error.ts";
import { messageOf } from "../../../lib/error/message-of.ts";

const unreadable = Object.defineProperty(new Error("never seen"), "message", {
  get: () => {
    throw new Error("no");
  },
});

test.each([
  [new TypeError("the model is busy"), "the model is busy"],
  ["a text", "a text"],
  [undefined, "undefined"],
  [{ status: 429 }, "{ status }"],
  [Symbol("s"), "a symbol"],
  [Object.create(null), "{}"],
  [Object.assign(new Error("replaced"), { message: 5 }), expect.stringContaining("Error")],
  [unreadable, "an object that cannot be read"],
])("says what was thrown: %#", (thrown, message) => {
  expect(messageOf(thrown)).toEqual(message);
});

test("what has no text of its own becomes a BusError all the same", () => {
  expect(toBusError(Object.create(null))).toMatchObject({ code: "unavailable", message: "{}" });
});
