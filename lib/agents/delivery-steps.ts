import { stepCompleted } from "../catalog/step.ts";
import { ParkedError } from "../delivery/parked-error.ts";
import type { RunContext } from "../delivery/run-context.ts";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import type { Event } from "../event/event.ts";
import type { EventMatcher } from "../history/event-matcher.ts";
import { type AnyBus, dataOf, type OpenBus, openBus } from "./dependencies.ts";
import { readBack } from "./read-back.ts";
import { deliveryId, thisDelivery } from "./this-delivery.ts";

/** How long a handler waits before its delivery is parked, in milliseconds. */
const heldMs = 1_000;
const shortestParkMs = 1_000;
const longestParkMs = 300_000;

/** What the attempts at one delivery remember of each other: results by name, as events of its flow. */
export class DeliverySteps {
  readonly #open: OpenBus;
  readonly #run: RunContext;

  constructor(call: string, bus: AnyBus) {
    this.#open = openBus(call, bus);
    this.#run = thisDelivery(call);
  }

  /** An id that is the same for all attempts. A replay has others. */
  id(kind: string, name: string): string {
    if (typeof name !== "string" || name === "") {
      throw new BusError("invalid_config", `steps: the name ${mustBe("a string of at least 1 character", name)}`);
    }
    const { event, replayId, subscription } = this.#run;
    return deliveryId(kind, [subscription, event.id, replayId, name]);
  }

  /** The result of a step that has completed before, or now. */
  async remember<Result>(name: string, make: () => Result | Promise<Result>): Promise<Result> {
    const id = this.id("step", name);
    const known = await this.#open.engine.log.get(id);
    // Only the caller knows what its function gives.
    if (known !== undefined) return dataOf(stepCompleted, known)?.result as Result;
    const result = await make();
    await this.#open.bus.publish(stepCompleted, { step: name, result }, { id });
    await this.event(id);
    return result;
  }

  /** An event that was published. */
  event(id: string): Promise<Event> {
    return readBack(this.#open, id, this.#run.signal);
  }

  /** When a time is over that began with the first attempt that asks, in milliseconds since 1970. */
  dueAt(name: string, ms: number): Promise<number> {
    return this.remember(`${name} until`, () => this.#open.clock.now() + ms);
  }

  /** Throws a {@link ParkedError} until a time is over. */
  async sleep(name: string, ms: number): Promise<void> {
    const due = await this.dueAt(name, ms);
    const leftMs = due - this.#open.clock.now();
    if (leftMs > 0) throw new ParkedError(`${name} sleeps until ${new Date(due).toISOString()}`, leftMs);
  }

  /**
   * What a look finds, remembered; `null` once the time is over. `look` may wait as long as it is given; in between the
   * delivery is parked for a tenth of the time waited so far, within bounds.
   */
  async until<Found>(
    name: string,
    timeoutMs: number,
    look: (waitMs: number) => Promise<Found | undefined>,
  ): Promise<Found | null> {
    const { clock } = this.#open;
    const due = await this.dueAt(name, timeoutMs);
    return this.remember<Found | null>(name, async () => {
      const found = await look(Math.max(0, Math.min(heldMs, due - clock.now())));
      if (found !== undefined) return found;
      const now = clock.now();
      if (now >= due) return null;
      const waitedMs = now - (due - timeoutMs);
      const parkMs = Math.min(Math.max(waitedMs / 10, shortestParkMs), longestParkMs, due - now);
      throw new ParkedError(`${name} waits until ${new Date(due).toISOString()}`, parkMs);
    });
  }

  /** The first event that matches of those accepted after the one being handled. */
  lookFor(want: EventMatcher, waitMs: number): Promise<Event | undefined> {
    return firstSince(this.#open, want, this.#run.event, waitMs);
  }
}

/** The first event that matches and was accepted after another one; `undefined` if none is there within the time. */
export async function firstSince(
  { bus }: Pick<OpenBus, "bus">,
  want: EventMatcher,
  since: Event,
  timeout: number,
): Promise<Event | undefined> {
  try {
    return await Reflect.apply(bus.waitFor, bus, [want, { since, timeout }]);
  } catch (thrown) {
    if (thrown instanceof BusError && thrown.code === "timeout") return undefined;
    throw thrown;
  }
}
