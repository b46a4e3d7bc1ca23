import { expect, test } from "vitest";
import type { HandlerContext } from "../../../lib/delivery/handler.ts";
import { composeHandler, type HandlerMiddleware } from "../../../lib/delivery/middleware.ts";
import type { Event } from "../../../lib/event/event.ts";
import { anEvent } from "../../support/an-event.ts";

const event = anEvent();
const context: object = { attempt: 1 };

/** A handler with its middleware, called as a run calls it. */
function handling(middleware: readonly HandlerMiddleware[], handler: (event: Event) => unknown): () => unknown {
  const composed = composeHandler(middleware, handler);
  return () => Reflect.apply(composed, undefined, [event, context]);
}

test("without any, the handler is what is called", () => {
  const handler = () => {};
  expect(composeHandler([], handler)).toBe(handler);
});

test("the first is the outermost, and each sees what the one inside gives", async () => {
  const order: unknown[] = [];
  const named =
    (name: string): HandlerMiddleware =>
    async (_, __, next) => {
      order.push(name);
      const result = await next();
      order.push([name, result]);
      return `${name} of ${String(result)}`;
    };
  const run = handling([named("one"), named("two")], () => "handled");
  expect(await run()).toBe("one of two of handled");
  expect(order).toEqual(["one", "two", ["two", "handled"], ["one", "two of handled"]]);
});

test("event and context are those of the run; another event goes to those inside", async () => {
  const seen: unknown[] = [];
  const other = anEvent({ id: "other" });
  const run = handling(
    [
      (one: Event, given: HandlerContext, next) => {
        seen.push(one.id, given);
        return next(other);
      },
      (one: Event, _, next) => {
        seen.push(one.id);
        return next();
      },
    ],
    ({ id }) => seen.push(id),
  );
  await run();
  expect(seen).toEqual(["event-1", context, "other", "other"]);
});

test("what the handler throws at once is a rejection to the middleware", async () => {
  const error = new Error("broken");
  const caught: unknown[] = [];
  const run = handling(
    [
      (_, __, next) => {
        const result = next();
        return result.catch((thrown: unknown) => {
          caught.push(thrown);
          throw thrown;
        });
      },
    ],
    () => {
      throw error;
    },
  );
  await expect(run()).rejects.toBe(error);
  expect(caught).toEqual([error]);
});

test("without a call of next the handler does not run; with two calls it runs twice", async () => {
  let runs = 0;
  const handler = () => {
    runs += 1;
  };
  await handling([() => "done"], handler)();
  expect(runs).toBe(0);
  await handling(
    [
      async (_, __, next) => {
        await next();
        await next();
      },
    ],
    handler,
  )();
  expect(runs).toBe(2);
});
