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
  ["a string", "a string"],
  [undefined, "undefined"],
  [{ status: 429 }, "{ status }"],
  [Symbol("s"), "a symbol"],
  [Object.create(null), "{}"],
  [Object.assign(new Error("replaced"), { message: 5 }), expect.stringContaining("Error")],
  [unreadable, "an object that cannot be read"],
])("messageOf returns the message of a thrown value: %#", (thrown, message) => {
  expect(messageOf(thrown)).toEqual(message);
});

test("toBusError converts a value that has no string form", () => {
  expect(toBusError(Object.create(null))).toMatchObject({ code: "unavailable", message: "{}" });
});
