import type { Bus } from "../bus/bus.ts";
import type { RegisteredEvents } from "../bus/register.ts";
import { type OpenedBus, openBusOnEngine } from "../connect/connect.ts";
import type { Engine } from "../engine/engine.ts";
import { messageOf } from "../error/message-of.ts";
import type { Catalog } from "../event/catalog.ts";
import type { Place } from "./engines/place.ts";
import type { Faults } from "./faults.ts";
import type { Finding } from "./ledger/finding.ts";
import type { Note } from "./ledger/note.ts";
import { LedgerRecorder } from "./ledger/recorder.ts";
import { replaceMethods } from "./replace-methods.ts";
import { SimulatedProcess, type World } from "./world/world.ts";

/** The longest time in virtual milliseconds until a process that has crashed is started again. */
const longestRestartMs = 500;
/** Virtual milliseconds after the steps for which things go wrong, where something is under way for so long. */
const longestFaultsMs = 3_600_000;
/** Virtual milliseconds between two looks at whether anything is under way: at first, and at most. */
const [firstLookMs, longestLookMs] = [250, 60_000];
/** Events read at a time. */
const pageSize = 1_000;

let stores = 0;

/** A name that no other engine of this process has, in other runs either: what a bus that crashed has left has it still. */
function nextStore(): string {
  stores += 1;
  return `simulated:${stores}`;
}

/** What a simulation runs. */
export interface Play<Events = RegisteredEvents> {
  readonly catalog?: Catalog<Events>;
  readonly processes: number;
  /** Virtual milliseconds after which what is still under way counts as lost. */
  readonly limitMs: number;
  setup(bus: Bus<Events>, process: string): unknown;
  steps(bus: Bus<Events>): unknown;
  check?(bus: Bus<Events>): unknown;
  through?(engine: Engine): Engine;
}

/** One run of a simulation: its processes on one place, from the first start to the last close. */
export class Simulation<Events> {
  readonly #world: World;
  readonly #place: Place;
  readonly #faults: Faults;
  readonly #play: Play<Events>;
  readonly #outside: SimulatedProcess;
  readonly #buses = new Map<SimulatedProcess, Bus<Events>>();
  readonly ledger: Note[] = [];
  /** Ids of history in order of acceptance. */
  order: string[] = [];
  /** Those that have crashed and are not up again. */
  readonly #down = new Set<string>();
  /** What was still under way when its time was over. */
  unsettled: Finding[] = [];
  #failed: unknown;

  constructor(world: World, place: Place, faults: Faults, play: Play<Events>) {
    this.#world = world;
    this.#place = place;
    this.#faults = faults;
    this.#play = play;
    this.#outside = new SimulatedProcess(world, "outside");
  }

  /** Runs it. Rejects with what the steps, or the set-up or the check of the user, rejected with. */
  async run(): Promise<void> {
    let ended = false;
    const played = this.#outside
      .enter(() => this.#run())
      .finally(() => {
        ended = true;
      });
    played.catch(() => {});
    const finished = await this.#world.run(() => ended);
    if (!finished) throw new Error("the steps of the simulation wait for something that nothing in it brings about");
    await played;
  }

  async #run(): Promise<void> {
    const { processes, setup, steps, check } = this.#play;
    const outside = await this.#open(this.#outside);
    for (let number = 1; number <= processes; number += 1) {
      const process = new SimulatedProcess(this.#world, `p${number}`);
      await process.enter(async () => setup((await this.#open(process)).bus, process.name));
      this.#watchCrash(process, 1);
    }
    this.#faults.on = true;
    await steps(outside.bus);
    await this.#untilQuiet(outside.engine, Math.min(this.#play.limitMs, longestFaultsMs));
    this.#faults.on = false;
    await this.#untilQuiet(outside.engine, this.#play.limitMs);
    if (this.#failed !== undefined) throw this.#failed;
    this.unsettled = await this.#underWay(outside.engine);
    await this.#readStore(outside.engine);
    await check?.(outside.bus);
    // A handler that never ends would keep its bus from closing; what it left is told.
    if (this.unsettled.length > 0) return;
    for (const [process, bus] of this.#buses) if (!process.crashed) await process.enter(() => bus.close());
  }

  async #open(process: SimulatedProcess): Promise<OpenedBus<Events>> {
    const world = this.#world;
    const isOutside = process === this.#outside;
    const recorder = new LedgerRecorder({
      process: process.name,
      now: world.clock.now,
      write: (note) => {
        if (!process.crashed) this.#note(note);
      },
    });
    const faulty = isOutside
      ? []
      : [{ handle: this.#faults.handlers(process, this.#place.survives ? () => process.crash() : undefined) }];
    const opened = await openBusOnEngine<Events>({
      engine: async (context) => {
        const engine = await this.#place.open(process, context);
        // Buses of one program that share a store share its handlers; those of a simulation are of several programs.
        const own = replaceMethods(engine, { store: nextStore(), ...this.#closing(engine) });
        return recorder.watch(this.#play.through?.(own) ?? own);
      },
      source: process.name,
      ...(this.#play.catalog === undefined ? {} : { catalog: this.#play.catalog }),
      clock: world.clock,
      random: world.random.next,
      logLevel: "silent",
      onError: () => {},
      use: [recorder.middleware, ...faulty],
    });
    this.#buses.set(process, opened.bus);
    return opened;
  }

  /** One engine that all processes share is closed by the last of them. */
  #closing(engine: Engine): Partial<Engine> {
    if (this.#place.survives) return {};
    return {
      close: async () => {
        if (this.#buses.size === 0) await engine.close();
      },
    };
  }

  #note(note: Note): void {
    this.ledger.push(note);
    const { at: _, process, kind, ...rest } = note;
    const words = Object.values(rest).map((value) => (typeof value === "object" ? idOf(value) : String(value)));
    this.#world.trace([process, kind, ...words].join(" "));
  }

  /** Has a process crash at some moment, and start again under another name whenever it has. */
  #watchCrash(process: SimulatedProcess, life: number): void {
    process.holds(() => {
      this.#note({ at: this.#world.now(), process: process.name, kind: "crashed" });
      this.#buses.delete(process);
      const name = process.name.replace(/#.*/, "");
      this.#down.add(name);
      this.#outside.enter(() => this.#restart(name, life + 1));
    });
    if (!this.#place.survives || !this.#faults.canCrash) return;
    const look = () => {
      if (this.#faults.crash()) process.crash();
      else process.setTimer(look, 1_000);
    };
    process.enter(() => process.setTimer(look, this.#world.random.between(0, 1_000)));
  }

  async #restart(name: string, life: number): Promise<void> {
    await this.#outside.sleep(this.#world.random.between(0, longestRestartMs));
    const process = new SimulatedProcess(this.#world, `${name}#${life}`);
    try {
      const began = process.enter(async () => this.#play.setup((await this.#open(process)).bus, process.name));
      this.#watchCrash(process, life);
      // Never, where it crashes meanwhile; then the next one is under way.
      await began;
      this.#down.delete(name);
    } catch (thrown) {
      // Whoever runs programs starts one again that could not begin; without faults it never will.
      if (this.#faults.on) process.crash();
      else this.#failed ??= thrown;
    }
  }

  async #untilQuiet(engine: Engine, limitMs: number): Promise<void> {
    const began = this.#world.now();
    let quiet = 0;
    // What was published last may not be listed yet where a service takes its time.
    while (quiet < 2 && this.#failed === undefined && this.#world.now() < began + limitMs) {
      const waited = this.#world.now() - began;
      await this.#outside.sleep(Math.min(longestLookMs, Math.max(firstLookMs, waited / 10)));
      quiet = (await this.#isQuiet(engine)) ? quiet + 1 : 0;
    }
  }

  async #isQuiet(engine: Engine): Promise<boolean> {
    if (this.#down.size > 0 || !this.#place.quiet()) return false;
    return (await this.#underWay(engine)).length === 0;
  }

  async #underWay(engine: Engine): Promise<Finding[]> {
    const states = await engine.subscriptions.list();
    return states.flatMap(({ delayed, ephemeral, record: { name }, running, waiting }) => {
      if (ephemeral || waiting + delayed + running === 0) return [];
      const message = `${name} has not ended: ${waiting} deliveries wait, ${delayed} are delayed and ${running} run`;
      return [{ rule: "lost", message, subscription: name }];
    });
  }

  /** Notes what the store has to say in the end: dead letters, and the order of acceptance. */
  async #readStore({ deadLetters, log }: Engine): Promise<void> {
    let cursor: string | undefined;
    do {
      const page = await deadLetters.list({}, { limit: pageSize, ...(cursor === undefined ? {} : { cursor }) });
      for (const { attempts, event, reason, replayId, subscription } of page.deadLetters) {
        if (subscription === undefined) continue;
        const about = { subscription, event: event.id, ...(replayId === undefined ? {} : { replay: replayId }) };
        this.#note({
          at: this.#world.now(),
          process: "outside",
          kind: "dead",
          ...about,
          attempt: attempts,
          code: reason.code,
        });
      }
      cursor = page.cursor;
    } while (cursor !== undefined);
    const since = new Date(this.#world.startedAt).toISOString();
    let next: string | undefined;
    do {
      const page = await log.query(
        { since },
        { limit: pageSize, order: "oldest", ...(next === undefined ? {} : { cursor: next }) },
      );
      this.order.push(...page.events.map(({ event }) => event.id));
      next = page.cursor;
    } while (next !== undefined);
  }
}

function idOf(value: object): string {
  if ("id" in value) return String(value.id);
  return "name" in value ? String(value.name) : messageOf(value);
}
