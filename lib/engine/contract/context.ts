import { randomBytes, randomUUID } from "node:crypto";
import { expect } from "vitest";
import type { Bus } from "../../bus/bus.ts";
import type { BatchHandler, BatchOptions } from "../../delivery/batch.ts";
import type { Handler } from "../../delivery/handler.ts";
import type { Subscriber } from "../../delivery/subscriber.ts";
import type { Draft, Event } from "../../event/event.ts";
import type { PublishFields, PublishResult } from "../../publish/options.ts";
import type { BusMetrics } from "../../runtime/metrics.ts";
import type { Subscription } from "../../subscription/index.ts";
import type { BusOptions, ContractAdapter, ContractFeature, Environment, Worker } from "./adapter.ts";
import { eventually } from "./eventually.ts";
import type { Recorder, Report } from "./recorder.ts";
import type { Script } from "./script.ts";
import { scriptedHandler } from "./scripted-handler.ts";
import { type SubscriptionName, subscriptionOf } from "./subscriptions.ts";

/** See {@link CaseContext.longestWaitMs}: at any time scale, and at a time scale of 1. */
const longestWait = { atLeastMs: 45_000, ms: 5_000 } as const;

/** Between two checks. */
const pollMs = 3;

/** A draft without its type. */
export interface Scripted extends PublishFields {
  script?: Script;
  data?: Record<string, unknown>;
}

/** What a case works with; all that it opened is closed after it. */
export class CaseContext {
  readonly recorder: Recorder;
  /** The correlation id of what `publish` publishes, and of its reports. */
  readonly flow = randomUUID();
  readonly #adapter: ContractAdapter;
  readonly #environment: Environment;
  #bus: Bus;
  readonly #buses: Bus[];
  readonly #workers: Worker[] = [];
  readonly #gates: string[] = [];
  readonly #names: string[] = [];
  readonly #recorded: string[] = [];
  readonly #consumed = new Set<SubscriptionName>();

  private constructor(adapter: ContractAdapter, environment: Environment, bus: Bus) {
    this.#adapter = adapter;
    this.#environment = environment;
    this.recorder = environment.recorder;
    this.#bus = bus;
    this.#buses = [bus];
  }

  static async begin(adapter: ContractAdapter, environment: Environment): Promise<CaseContext> {
    await environment.clear?.();
    return new CaseContext(adapter, environment, await environment.connect(silent));
  }

  /** A bus of this case alone; after `restart`, the one that was opened then. */
  get bus(): Bus {
    return this.#bus;
  }

  /** For what only some engines let a case observe; a promise that one does not keep is named in `needs`. */
  has(feature: ContractFeature): boolean {
    return this.#adapter.lacks?.includes(feature) !== true;
  }

  /** Milliseconds, stretched by the engine's time scale. */
  ms(atScaleOne: number): number {
    return atScaleOne * this.#timeScale;
  }

  /** After how many milliseconds what is to come at once is given up: a bound on what hangs, since machines are busy. */
  get longestWaitMs(): number {
    return Math.max(longestWait.atLeastMs, this.ms(longestWait.ms));
  }

  /** Does what an event's script says. */
  get handler(): ReturnType<typeof scriptedHandler> {
    return scriptedHandler(this.recorder);
  }

  /** Another bus; it shares events with the first where the engine has "multi-process". */
  async connect(options: BusOptions = {}): Promise<Bus> {
    const bus = await this.#environment.connect({ ...silent, ...options });
    this.#buses.push(bus);
    return bus;
  }

  /** Closes all buses of the case, and opens what the case's own left: that is its bus from now on. */
  async restart(options: BusOptions = {}): Promise<Bus> {
    await Promise.all(this.#buses.map((bus) => bus.close()));
    this.#bus = await this.#environment.connect({ ...silent, ...options }, this.#bus);
    this.#buses.push(this.#bus);
    return this.#bus;
  }

  /** Has the scripts of a subscription's events run: by this process, else by what is deployed. */
  async consume(name: SubscriptionName, bus = this.#bus): Promise<Subscriber> {
    this.#consumed.add(name);
    if (!this.has("local-consumers")) return deployedConsumer(name);
    return bus.subscribe(this.subscription(name), this.handler, { shared: true });
  }

  /** Runs a handler of the case's own for a subscription of the suite. */
  async consumeWith(name: SubscriptionName, handler: Handler, bus = this.#bus): Promise<Subscriber> {
    this.#consumed.add(name);
    return bus.subscribe(this.subscription(name), handler);
  }

  /** The same for a handler that takes batches. */
  async consumeBatches(name: SubscriptionName, handler: BatchHandler, batch: BatchOptions): Promise<Subscriber> {
    this.#consumed.add(name);
    return this.#bus.subscribe(this.subscription(name), handler, { batch });
  }

  /** A subscription of the suite, its durations stretched. */
  subscription(name: SubscriptionName): Subscription {
    return subscriptionOf(name, this.#timeScale);
  }

  /** A new process that runs the scripts. */
  async startWorker(...names: SubscriptionName[]): Promise<Worker> {
    if (this.#environment.startWorker === undefined) throw new Error(`${this.#adapter.name} has no workers`);
    const worker = await this.#environment.startWorker(names);
    this.#workers.push(worker);
    return worker;
  }

  /** Publishes into this case's flow. */
  async publish(type: `custom.${string}`, what: Scripted = {}, bus = this.#bus): Promise<Event> {
    const { script, data = {}, metadata, dedupe, ...rest } = what;
    const event = await bus.publish(
      {
        type,
        data: script === undefined ? data : { ...data, script },
        metadata: { correlationId: this.flow, ...metadata },
        ...rest,
      },
      dedupe === undefined ? {} : { dedupe },
    );
    this.#recorded.push(event.id);
    return event;
  }

  /** Publishes drafts that the types refuse as well, as a program without types may. */
  async publishUntyped(drafts: readonly Draft[], bus = this.#bus): Promise<PublishResult[]> {
    return Reflect.apply(bus.publishAll, bus, [drafts]);
  }

  /** Publishes, and waits until it is recorded: what is published next is recorded after it on every engine. */
  async publishInTurn(type: `custom.${string}`, what: Scripted = {}, bus = this.#bus): Promise<Event> {
    const since = new Date();
    const event = await this.publish(type, what, bus);
    await this.recorded([event], bus);
    if (this.has("ordered-publish")) return event;
    // There the event is found a moment before its place in the order is.
    for await (const { id } of bus.history.tail({ ids: [event.id] }, { since })) if (id === event.id) break;
    return event;
  }

  /** Waits until history has these events. */
  async recorded(events: readonly Event[], bus = this.#bus): Promise<void> {
    for (const { id } of events) await this.eventually(`${id} is recorded`, () => bus.history.get(id));
  }

  /** In the order of delivery where the engine promises one, else sorted. */
  delivered<One>(list: readonly One[]): One[] {
    return this.has("priority") ? [...list] : sorted(list);
  }

  /** In the order of recording where that is the order of publishing, else sorted. */
  inOrder<One>(list: readonly One[]): One[] {
    return this.has("ordered-publish") ? [...list] : sorted(list);
  }

  /** Expects it of what the bus has counted; where functions run the handlers, they count. */
  async counted(counts: Partial<BusMetrics>, bus = this.#bus): Promise<void> {
    if (this.has("local-consumers")) expect(await bus.metrics()).toMatchObject(counts);
  }

  /** A gate for `wait` steps; open after the case at the latest. */
  gate(): string {
    const gate = randomUUID();
    this.#gates.push(gate);
    return gate;
  }

  open(gate: string): Promise<void> {
    return this.recorder.open(gate);
  }

  /** A name for a subscription that only this case has. */
  name(word: string): string {
    const name = `${word}-${randomBytes(4).toString("hex")}`;
    this.#names.push(name);
    return name;
  }

  /** A type that only this case has. */
  type(word: string): `custom.${string}` {
    return `custom.contract.${word}_${randomBytes(4).toString("hex")}`;
  }

  /** Waits until the clock has moved on from what was done before, and gives the time. */
  async tick(): Promise<Date> {
    const now = Date.now();
    await this.eventually("the clock goes on", () => Date.now() > now + 1);
    return new Date();
  }

  eventually<Result>(what: string, check: () => Result | Promise<Result>) {
    return eventually(what, check, this.longestWaitMs, this.ms(pollMs));
  }

  /** The reports of this case's flow, or those among them that agree with `match`. */
  async reports(match: Partial<Report> = {}, flow: string = this.flow): Promise<Report[]> {
    const wanted = Object.entries(match);
    const all = await this.recorder.reports(flow);
    return all.filter((report) => wanted.every(([key, value]) => Reflect.get(report, key) === value));
  }

  /** Waits until there are that many such reports, and gives them. */
  reported(match: Partial<Report>, count = 1, flow: string = this.flow): Promise<Report[]> {
    return this.eventually(`${count} × ${JSON.stringify(match)} reported`, async () => {
      const reports = await this.reports(match, flow);
      return reports.length >= count && reports;
    });
  }

  /** Waits until a subscription has handled an event. */
  async handled(event: Event, subscription: SubscriptionName): Promise<void> {
    await this.reported({ phase: "done", subscription, eventId: event.id }, 1, event.metadata.correlationId);
  }

  /** Waits until nothing of the flow is under way, and gives all that was reported: what is not there will not come. */
  async quiet(match: Partial<Report> = {}, bus = this.#bus): Promise<Report[]> {
    const withinMs = this.longestWaitMs;
    if (this.#environment.quiet === undefined) await bus.settled(this.flow, { timeout: withinMs });
    else {
      const [recorded, consumed, buses] = [this.#recorded, [...this.#consumed], this.#buses];
      await this.#environment.quiet({ flow: this.flow, recorded, consumed, buses, withinMs });
    }
    return this.reports(match);
  }

  get #timeScale(): number {
    return this.#adapter.timeScale ?? 1;
  }

  /** Ends all that the case began. */
  async end(): Promise<void> {
    for (const gate of this.#gates) await this.recorder.open(gate);
    await Promise.all(this.#workers.map((worker) => worker.kill()));
    await Promise.all(this.#buses.map((bus) => bus.close()));
    if (this.#names.length === 0 || !this.has("durable") || !this.has("runtime-subscriptions")) return;
    const bus = await this.restart();
    for (const name of this.#names) await bus.subscriptions.delete(name);
    await bus.close();
  }
}

/** Stands for the functions that run a subscription's handler. What only a consumer here could do is refused. */
function deployedConsumer(name: string): Subscriber {
  const refuse = () => {
    throw new Error(`functions consume ${name} here: a case that asks its consumer needs "local-consumers"`);
  };
  const refuseLater = async () => refuse();
  return {
    name,
    pause: refuse,
    resume: refuse,
    info: refuseLater,
    close: refuseLater,
    [Symbol.asyncDispose]: refuseLater,
  };
}

/** Numbers by size, everything else by its JSON. */
function sorted<One>(list: readonly One[]): One[] {
  const key = (one: One) => (typeof one === "number" ? String(one).padStart(12, "0") : JSON.stringify(one));
  return list.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

const ignore = () => {};
/** Cases fail deliveries on purpose, so the warnings of the bus are expected. */
const silent: BusOptions = {
  source: "contract",
  logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
  onError: ignore,
};
