import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../bus/clock.ts";
import { type BusError, toBusError } from "../../error/bus-error.ts";
import { accept } from "./accept.ts";
import { Backfill } from "./backfill.ts";
import { ChangeNotice } from "./changes.ts";
import { Claims } from "./claims.ts";
import { Consumers } from "./consumers.ts";
import { DeadLetterTable } from "./dead-letters.ts";
import { Dispatch } from "./dispatch.ts";
import { Due } from "./due.ts";
import { Events } from "./events.ts";
import { History } from "./history.ts";
import { Intake } from "./intake.ts";
import { Owners } from "./owners.ts";
import { Pending } from "./pending.ts";
import { Queue } from "./queue.ts";
import { Registry } from "./registry.ts";
import { Replays } from "./replays.ts";
import { Retention } from "./retention.ts";
import { Settlements } from "./settlements.ts";
import { Shares } from "./shares.ts";
import { Stats } from "./stats.ts";
import { SubscriptionStates } from "./subscription-state.ts";
import { SubscriptionTable } from "./subscription-table.ts";
import { Writer } from "./writer.ts";

/** The engine's options with every default filled in; times in milliseconds. */
export interface EngineSettings {
  readonly file: string;
  readonly clock: Clock;
  readonly nextId: () => string;
  readonly random: () => number;
  readonly retention: number;
  readonly maxPending: number;
  readonly pollMs: number;
  readonly ownerCheckMs: number;
  readonly patienceMs: number;
  onError(error: BusError): void;
}

/** Puts the parts of an engine together. `owner` is this process, as rows name it. */
export function assemble(db: DatabaseSync, owner: number, settings: EngineSettings, onCommit: () => void) {
  const { clock, file, maxPending, nextId, onError, patienceMs, pollMs, random, retention } = settings;
  const schedule = () => writer.schedule();
  const transact = <Result>(act: () => Result) => writer.run(act);
  const now = () => due.now();

  const registry = new Registry(db);
  const queue = new Queue(db, registry);
  const events = new Events(db, registry);
  const deadLetters = new DeadLetterTable(db, nextId, onError);
  const replays = new Replays(db);
  const subscriptions = new SubscriptionTable(db, registry);
  const consumers = new Consumers(schedule);
  const history = new History(db, onError);
  const dispatch = new Dispatch(registry, queue, consumers, deadLetters, owner);
  const shares = new Shares(db, { registry, consumers, owner });
  const claims = new Claims(db, { registry, queue, events, consumers, deadLetters, replays, shares, owner, onError });
  const settlements = new Settlements({ registry, queue, events, deadLetters, owner });
  const due = new Due({ clock, queue, transact });
  const owners = new Owners(db, {
    file,
    owner,
    registry,
    queue,
    events,
    deadLetters,
    subscriptions,
    replays,
    shares,
    now,
    transact,
  });
  const backfill = new Backfill(db, { registry, dispatch, subscriptions, transact, onError });
  const cleaning = new Retention(db, {
    registry,
    events,
    deadLetters,
    subscriptions,
    retention,
    busy: () => intake.busy,
    now,
    transact,
  });
  const pending = new Pending(db, registry, history, subscriptions);
  const stats = new Stats(db, history);
  const states = new SubscriptionStates(db, deadLetters);
  const notice = new ChangeNotice(db, {
    pollMs,
    wanted: () => !consumers.empty,
    onLook: () => {
      due.now();
      if (shares.look()) schedule();
    },
    onForeign: () => {
      registry.refresh();
      followUp();
      schedule();
    },
  });

  /** What another process, or a new subscription, may have left to do for the consumers of this one. */
  const followUp = () => {
    if (consumers.empty) return;
    due.look();
    backfill.drive(consumers.names());
    backfill.resume();
  };

  const acceptHost = { registry, events, dispatch, retention };
  const intake: Intake = new Intake({
    maxPending,
    now,
    accept: (publish, at) => accept(acceptHost, publish, at),
    settle: (delivery, outcome, at) => {
      settlements.apply(delivery, outcome, at);
      if (outcome.kind === "retry") due.expect(at + outcome.afterMs);
    },
    claim: (limit, at) => claims.take(limit, at),
    wantsClaims: () => claims.wanted(),
    schedule,
    onError,
  });

  /** What the transaction claimed goes to the consumers. */
  const handOver = () => {
    const handed = consumers.take();
    for (const { delivery } of handed) intake.hold(delivery);
    for (const { seat, delivery } of handed) {
      try {
        seat.consumer.deliver(delivery);
      } catch (thrown) {
        // It promised not to; its delivery stays claimed, and those of the others go on.
        onError(toBusError(thrown));
      }
    }
  };

  const writer: Writer = new Writer({
    db,
    file,
    registry,
    events,
    random,
    patienceMs,
    nextGroup: () => intake.nextGroup(),
    onStalled: (error) => intake.rejectAll(error),
    handOver,
    onCommit: () => {
      notice.notify();
      backfill.resume();
      onCommit();
    },
    onRollback: () => {
      consumers.take();
    },
  });

  return {
    registry,
    queue,
    events,
    deadLetters,
    replays,
    subscriptions,
    consumers,
    history,
    dispatch,
    due,
    owners,
    backfill,
    cleaning,
    pending,
    stats,
    states,
    notice,
    intake,
    writer,
    now,
    transact,
    followUp,
  };
}

export type Parts = ReturnType<typeof assemble>;
