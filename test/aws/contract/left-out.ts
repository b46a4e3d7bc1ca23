import type { TargetName } from "../rig/targets.ts";

/** Titles by topic, as "topic: title". */
const titles = (topic: string, ...list: string[]): string[] => list.map((title) => `${topic}: ${title}`);

/** What no deployed bus can do, whoever consumes: subscriptions are deployed, and nobody sees what is under way. */
const deployed: readonly string[] = [
  ...titles("publishing", "a batch may be of any size, and keeps its order"),
  ...titles(
    "event ids",
    "in a batch an id that comes again is a duplicate or a conflict, in its place",
    "of a type that history does not keep, an id is a duplicate or a conflict all the same",
    "one id published many times at once is one event",
    "the same id with other content is a conflict",
    "the same id with the same content is a duplicate: the stored event comes back, and is handled once",
  ),
  ...titles(
    "erasing",
    "a user's events become tombstones: no data, the same ids, causes and counts, with a proof",
    "what was not delivered yet is dropped, a retry and a replay included, and its key goes on",
    "dead letters lose the data and what their errors said of it; their number stays",
    "a whole flow is erased; a selection that names none of them, or several, is refused",
  ),
  ...titles(
    "transfer",
    "deliveries of an ordered subscription come in the order in which their events were accepted",
    "deliveries that another engine had not made come with their attempts, when they are due, and once",
    "events that another engine had are in history as accepted at their times, once, and nobody gets them",
    "other processes that use the store are seen",
    "what a subscription has not delivered is handed over as it was published; nothing else is",
  ),
  ...titles(
    "delay",
    "until its time it is pending as delayed, and the flow is not settled",
    "what fell due meanwhile goes by priority, then by acceptance",
    "an id that comes again with another time of delivery is a duplicate: the first time stays",
  ),
  ...titles(
    "delivery",
    "a publish that the handler does not await belongs to the run: its failure fails the attempt",
    "so does one that fails while the handler still runs",
  ),
  ...titles("order", "urgent priorities first, then oldest first", "ordered: across keys the most urgent head first"),
  ...titles(
    "subscriptions",
    "deleted, it forgets what it had not delivered and collects nothing more; its dead letters stay",
    "the same name with other settings: the last one wins, also for who consumes already; warned once",
    "they can be listed and got, with their settings and how they stand",
  ),
  ...titles(
    "consuming",
    "above maxBacklog the newcomers become its dead letters; publisher and others are not affected",
    'from "beginning" reads what was kept, then goes on without a gap while events arrive',
    'from "beginning": urgent priorities first, then oldest first, over all that was kept',
    'from "beginning" with maxBacklog: what was kept is delivered, and what comes meanwhile',
    'from "now" leaves out what was before; settings given again do not start it anew',
    "from a time: what was accepted from then on",
  ),
  ...titles(
    "flows",
    "it is known how fast deliveries ended lately, and how long they took",
    "history.flow says it of replays too, and of what was dropped since it had expired",
  ),
  ...titles("batches", "ordered: what follows in a key is in a later batch"),
  ...titles(
    "settled",
    "a dead letter counts as settled",
    "on timeout it says what is under way",
    "settled ends by its signal, and knows no flow that is not",
    "settled waits for the whole flow: retries and what handlers publish included",
  ),
  ...titles(
    "dead letters",
    "one whose subscription was deleted cannot be redriven, and stays until it can",
    "what maxBacklog refused is delivered once redriven, however full the queue is then",
  ),
  ...titles(
    "replay",
    "to a subscription that is deleted meanwhile: it ends, and says what it had delivered until then",
  ),
  ...titles(
    "pausing",
    "paused, it collects and begins nothing; resumed, it goes by priority, then by acceptance, no attempt spent",
    "what runs when it is paused goes on and ends; its retry waits",
    "settled says that a flow waits for what is paused, and how it goes on",
    "ordered, each key goes on in order of acceptance",
    "it stays paused under other settings; one that is not there is not found",
    "one pauses and resumes what another handles",
    "it stays paused after all buses were closed",
    "it stays paused when the process that handles it is killed: what that ran waits with the rest",
  ),
  ...titles(
    "processes",
    "an id is one event for all, also when several publish it at once",
    "an unnamed subscription ends with its bus, for all",
    "settings changed by one count for the consumer of another, and so does deleting",
  ),
  ...titles("restarts", "a subscription, its settings and its backlog outlive the process that made it"),
  ...titles(
    "crashes",
    "a process that is stopped and continued is not overtaken, though one that died is",
    "an unnamed subscription ends with its process, however that ends",
  ),
];

/** Each process that polls keeps to the concurrency by itself. */
const polled: readonly string[] = titles(
  "processes",
  "consumers of one name share its work: each event once, concurrency held by all together",
);

/** What a case asks of a consumer in its own process. */
const inFunctions: readonly string[] = [
  ...titles(
    "delay",
    "a replay of an event whose time has passed is delivered at once",
    "a delayed event outlives the closing of every bus",
  ),
  ...titles(
    "limits",
    "throttle: no more attempts begin in a span than its limit, retries counted, and all are made in the end",
    "throttle with a key: what has to wait is given back uncounted, and holds its place in its key",
    "throttle with a key: what has to wait holds up no other key",
    "concurrencyPerKey: no more run at once of a key than its limit, other keys go on, and all are run in the end",
  ),
  ...titles(
    "batches",
    "a batch handler gets several deliveries in one run, none of them twice",
    "one that a batch handler fails is retried by itself; what it throws fails all",
    "closed, a batch handler gives back what it had collected, the attempt not counted",
  ),
  ...titles("routing", "what expires while it waits is not delivered either"),
  ...titles("delivery", "a handler gets the event as it was published, frozen, with the facts of its delivery"),
  ...titles(
    "timeouts",
    "a handler that ignores its abort keeps its slot and is reported, and attempts never overlap",
    "a slow handler is warned of, once",
  ),
  ...titles("order", "ordered: a dropped head frees its key"),
  ...titles(
    "stores",
    "a name has one handler in a process, on whichever of its buses; other names are free",
    "a name is free again once its subscriber, or its bus, has closed, and after a restart",
    "of two that take a name at once, on two buses, one gets it",
    "a name means one subscription to buses that share events, and one of its own to each other bus",
  ),
  ...titles(
    "consuming",
    "a named subscription collects while nobody consumes it",
    "closed it takes nothing new and waits for what runs; another takes over",
    "info tells types, counts, the last event's time, the backlog and its age",
    "paused it takes nothing new and what runs goes on; resumed it takes what waited",
  ),
  ...titles(
    "replay",
    "a replay of many events delivers each once, in order",
    "what was accepted after it began is left out, also what its own deliveries publish",
    "a replayed delivery is retried and dies like any other, with its mark",
    "a replayed event is frozen as a new one is, its mark too",
  ),
  ...titles("dead letters", "redriven once it is fixed it succeeds, and the flow has completed"),
  ...titles(
    "lifecycle",
    "close aborts what outlasts the grace time",
    "close lets what runs finish, its publishes included, and begins nothing new",
    "metrics count what this bus did and tell how the whole stands",
  ),
  ...titles(
    "restarts",
    "a delayed retry comes when it is due, its attempts counted",
    "a run that the closing bus aborted is run again, its attempt not counted",
    "a subscription goes on where it was: what waited is delivered, what was delivered is not",
    "dead letters are kept, and can be redriven",
  ),
  ...titles(
    "crashes",
    "a handler whose process dies is run again elsewhere, and the attempt counts",
    "a process killed in the middle of its work: another takes over all of it",
    "order within a key outlives the death of the process that ran its head",
    "what kills its process each time becomes a dead letter once it is out of attempts",
  ),
];

/** An emulator's event source of a FIFO queue runs one batch at a time, so that a key whose handler runs holds up all others. */
const keysTogether: readonly string[] = [
  ...titles("delay", "ordered: a delayed event holds up no other key"),
  ...titles("limits", "throttle with a key: what has to wait holds up no other key"),
  ...titles(
    "order",
    "ordered: while one key waits, another goes on",
    "ordered: events without the key do not wait for each other",
  ),
];

/** LocalStack's event sources run one batch at a time. */
const oneBatchAtOnce: readonly string[] = [
  ...titles("order", "concurrency is used, and never exceeded, by several subscribers of one name together"),
  ...titles("processes", "consumers of one name share its work: each event once, concurrency held by all together"),
];

/** A queue of LocalStack lets a message of a group overtake one that was fetched with it: see its limits. */
const overtaking: readonly string[] = [
  ...titles("delay", "ordered: a delayed event holds its place within its key"),
  ...titles("limits", "throttle with a key: what has to wait is given back uncounted, and holds its place in its key"),
  ...titles(
    "order",
    "ordered: one at a time for each key, also while one is retried",
    "ordered: after a dead letter the key goes on",
  ),
  ...titles("processes", "order within a key holds over several consumers"),
  ...titles("crashes", "order within a key outlives the death of the process that ran its head"),
];

/** Whether functions handle one key at a time there. */
export const keepsKeysTogether = (target: TargetName): boolean => target !== "account";

/** The cases that a mode leaves out on a target, all of them. */
export function leftOut(mode: "polled" | "functions", target: TargetName): string[] {
  const byTarget = [
    ...(mode === "functions" && keepsKeysTogether(target) ? keysTogether : []),
    ...(target === "localstack" ? overtaking : []),
    ...(target === "localstack" && mode === "functions" ? oneBatchAtOnce : []),
  ];
  // Some are left out for two reasons.
  return [...new Set([...deployed, ...(mode === "polled" ? polled : inFunctions), ...byTarget])];
}
