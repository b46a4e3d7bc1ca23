import { pino } from "pino";
import { describe, expectTypeOf, it } from "vitest";
import { connect, type LoggerLike } from "wagglebus";

describe("connect({ logger })", () => {
  it("takes pino, a child of it, console, and an object of one's own", () => {
    connect({ logger: pino() });
    connect({ logger: pino({ customLevels: { audit: 35 } }).child({ service: "planner" }) });
    connect({ logger: console });
    const own = (message: string, fields?: Readonly<Record<string, unknown>>) => [message, fields];
    connect({ logger: { debug: own, info: own, warn: own, error: own } });
    connect({
      logger: {
        debug: () => {},
        info: (message) => expectTypeOf(message).toEqualTypeOf<string>(),
        warn: (_, fields) => expectTypeOf(fields).toEqualTypeOf<Readonly<Record<string, unknown>> | undefined>(),
        error: own,
      },
    });
  });

  it("refuses what lacks a level", () => {
    const write = (message: string) => message;
    // @ts-expect-error error is missing
    const logger: LoggerLike = { debug: write, info: write, warn: write };
    connect({ logger });
  });
});
