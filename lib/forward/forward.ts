import * as z from "zod";
import type { Bus } from "../bus/bus.ts";
import type { RegisteredEvents } from "../bus/register.ts";
import { runContext } from "../delivery/run-context.ts";
import type { Subscriber } from "../delivery/subscriber.ts";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import { readable } from "../error/readable.ts";
import type { Event } from "../event/event.ts";
import { lazy } from "../event/lazy.ts";
import { parseCallOptions } from "../runtime/call-options.ts";
import { definedIn, isRecord } from "../runtime/is-record.ts";
import type { KnownTypes } from "../subscription/known-types.ts";
import type { EventSelector, Subscription } from "../subscription/subscription.ts";
import { hasVisited, type LinkPath } from "./event-path.ts";
import { republish } from "./republish.ts";

/**
 * Where events go, and which: the settings of the subscription that carries them, all optional. Other defaults than those of a
 * subscription: `on` is `"*"`, `attempts` 100, `concurrency` 100, and `ordered` `"metadata.correlationId"`.
 */
export interface ForwardOptions<
  On extends EventSelector | readonly EventSelector[] = EventSelector | readonly EventSelector[],
  Events = RegisteredEvents,
> extends Omit<Subscription<On>, "on"> {
  /** The bus that gets the events. The caller closes it, after the subscriber. */
  readonly to: Bus<Events>;
  /** Which events; default all. */
  readonly on?: On;
  /**
   * The names of the two buses, each of at most 64 letters, digits and `._-`. An event that has been on a bus of a name does not
   * go there again. Give a bus the same name in each link, and no two buses one name. Without it, what comes back is a duplicate.
   */
  readonly path?: LinkPath;
}

const defaults = { on: "*", attempts: 100, concurrency: 100, ordered: "metadata.correlationId" } as const;

const schema = lazy(() => {
  const name = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, "must be 1 to 64 letters, digits, dots, _ and -");
  return z.object({ path: z.strictObject({ from: name, to: name }).exactOptional() });
});

/**
 * Publishes the events of a bus on another one as well, from now on, until the subscriber or the bus is closed: a named
 * subscription, so that nothing is missed in between. Each keeps its id, so that one that is forwarded twice is there once. Two
 * calls, one each way, make the buses mirror each other. What the target refuses becomes a dead letter of the subscription.
 * Rejects as `subscribe`, and with `invalid_config` for a wrong option.
 */
export async function forward<Events, Target, const On extends EventSelector | readonly EventSelector[] = "*">(
  bus: Bus<Events>,
  options: ForwardOptions<On, Target> & KnownTypes<On, Events>,
): Promise<Subscriber> {
  const { path, subscription, to } = parse(bus, options);
  const handler = async () => {
    const run = runContext.getStore();
    // A bus of another copy of the package shares the context; without one nothing would be known of the event.
    if (run === undefined) throw new BusError("invalid_config", "forward: the bus runs its handlers without a context");
    await republish(to, run, path);
  };
  // An event that is brought up to date for its handlers is still forwarded as it was published.
  const filter = (event: Event) => path === undefined || !hasVisited(event, path.to);
  return Reflect.apply(bus.subscribe, bus, [subscription, handler, { filter }]);
}

function parse(bus: unknown, options: unknown) {
  if (!isRecord(options)) {
    throw new BusError("invalid_config", `forward: the options ${mustBe("an object such as { to }", options)}`);
  }
  return readable("forward: the options", () => {
    const { path: givenPath, to, ...settings } = definedIn(options);
    if (!isBus(bus)) throw new BusError("invalid_config", `forward: the first argument ${mustBe("a bus", bus)}`);
    if (!isBus(to)) throw new BusError("invalid_config", `forward: to ${mustBe("a bus", to)}`);
    if (to === bus) throw new BusError("invalid_config", "forward: to is the same bus; give another one");
    const { path } = parseCallOptions("forward", schema(), givenPath === undefined ? {} : { path: givenPath });
    if (path !== undefined && path.from === path.to) {
      throw new BusError(
        "invalid_config",
        `forward: path.from and path.to are both ${path.to}; give each bus its name`,
      );
    }
    const name = nameOf(path?.to ?? to.engine.name);
    return { to, path, subscription: { name, ...defaults, ...settings } };
  });
}

function isBus(value: unknown): value is Bus<Record<string, unknown>> {
  return value instanceof Object && "publish" in value && "subscribe" in value && "engine" in value;
}

/** The name of a subscription has small letters, digits and hyphens, and at most 48 of them. */
function nameOf(target: string): string {
  return `forward-to-${target.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}`.slice(0, 48);
}
