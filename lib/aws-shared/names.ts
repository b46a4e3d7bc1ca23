import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";

const busName = /^[a-z][a-z0-9-]{0,19}$/;

/** The predicate of a message about a wrong name of a bus in AWS; undefined for a right one. */
export function busNameProblem(name: string): string | undefined {
  if (name === "default")
    return 'must be another name than "default", the bus of EventBridge itself, which a stack cannot create';
  if (busName.test(name)) return undefined;
  return mustBe("1 to 20 characters of a-z, 0-9 and -, starting with a letter", name);
}

/** Checks the name of a bus. `invalid_config`. */
export function checkBusName(name: string): string {
  const problem = busNameProblem(name);
  if (problem === undefined) return name;
  throw new BusError("invalid_config", `the bus name ${problem}`);
}

/**
 * The physical names of a bus's resources: what a construct creates and what its client finds, from one module. They
 * follow from the bus's name alone, so that a stack of another team needs nothing but that name. Queues have at most 80
 * characters, rules 64: 20 for the bus, 48 for the subscription, 9 for `-dlq.fifo`.
 */
export const resourceNames = {
  historyTable: (bus: string) => `${bus}-history`,
  deliveriesTable: (bus: string) => `${bus}-deliveries`,
  /** Events that a publisher could not bring to the bus. */
  publisherDeadLetterQueue: (bus: string) => `${bus}-unpublished`,
  historyQueue: (bus: string) => `${bus}-history`,
  historyDeadLetterQueue: (bus: string) => `${bus}-history-dlq`,
  /** Events that the bus itself could not process, which only happens with a key of its own. */
  busDeadLetterQueue: (bus: string) => `${bus}-bus-dlq`,
  queue: (bus: string, subscription: string, fifo: boolean) => `${bus}-${subscription}${fifo ? ".fifo" : ""}`,
  deadLetterQueue: (bus: string, subscription: string, fifo: boolean) =>
    `${bus}-${subscription}-dlq${fifo ? ".fifo" : ""}`,
  /** Rules are named after their subscription: names are unique on a bus. */
  rule: (subscription: string) => subscription,
  historyRule: "waggle-history",
  /** Also the bus's events for replays that are too large for history. */
  archive: (bus: string) => `${bus}-archive`,
  /** A replay of the archive, of at most 64 characters: so that a grant can name those of one bus. */
  replay: (bus: string, id: string) => `${bus}-${id}`,
  /** Buckets are named once in the world, so account and Region are in it. */
  bodiesBucket: (bus: string, account: string, region: string) => `waggle-${bus}-bodies-${account}-${region}`,
  recordHistoryFunction: (bus: string) => `${bus}-record-history`,
  recordDeadLetterFunction: (bus: string) => `${bus}-record-dead-letter`,
  watchFlowsFunction: (bus: string) => `${bus}-watch-flows`,
  outboxTable: (bus: string, outbox: string) => `${bus}-${outbox}`,
  relayOutboxFunction: (bus: string, outbox: string) => `${bus}-relay-${outbox}`,
  /** An SNS topic that every alarm of the bus goes to. */
  alarmTopic: (bus: string) => `${bus}-alarms`,
} as const;

/** SSM parameters by which a client that knows the bus's name finds everything else. */
export const parameterNames = {
  /** Holds a {@link BusConfig}. */
  bus: (bus: string) => `/waggle/${bus}/config`,
  /** The folder of the subscriptions. */
  subscriptions: (bus: string) => `/waggle/${bus}/subscriptions`,
  /** Holds a {@link DeployedSubscription}. */
  subscription: (bus: string, name: string) => `/waggle/${bus}/subscriptions/${name}`,
  /** The folder of the log groups. */
  logs: (bus: string) => `/waggle/${bus}/logs`,
  /** Holds the name of the log group of a subscription's function. */
  subscriptionLog: (bus: string, name: string) => `/waggle/${bus}/logs/${name}`,
  /** Holds that of one of the bus's own functions, such as `record-history`; no subscription has a name like it. */
  functionLog: (bus: string, name: string) => `/waggle/${bus}/logs/_${name}`,
} as const;

/** Environment variables that a construct sets and the code in its function reads. */
export const functionVariables = {
  /** A {@link BusConfig} as JSON. */
  bus: "WAGGLE_AWS_BUS",
  /** A {@link DeployedSubscription} as JSON. */
  subscription: "WAGGLE_AWS_SUBSCRIPTION",
  /** The name of an outbox's table: for those who add to it, and for its relay. */
  outboxTable: "WAGGLE_OUTBOX_TABLE",
} as const;

/** Attributes of a message that Waggle itself sends to a subscription's queue; a rule sends none. All of type String. */
export const messageAttributes = {
  /** The id of the replay that the delivery belongs to. */
  replay: "waggle-replay",
  /** The id of the dead letter that was redriven. */
  redriven: "waggle-redriven",
} as const;

/** Where the metrics of the functions go. */
export const metricsNamespace = "Waggle";

/** Metrics of the functions; each has the dimension `Bus`, and `Subscription` where it belongs to one. Counts, where no unit is named. */
export const metricNames = {
  delivered: "Delivered",
  failed: "Failed",
  retried: "Retried",
  deadLettered: "DeadLettered",
  expired: "Expired",
  recorded: "Recorded",
  /** Dead letters that `record-dead-letter` and the subscribers have recorded. */
  deadLetters: "DeadLetters",
  /** Messages of ordered subscriptions whose group was the text of the path that EventBridge was told to read. */
  pathGroups: "PathGroups",
  /** What a recorder could not record: the batch goes back, and somebody has to act. */
  recordErrors: "RecordErrors",
  /** Flows that had an event which `watch-flows` read, and those for which it has raised an alert because they are slow. */
  flows: "Flows",
  slowFlows: "SlowFlows",
  /** Milliseconds from a flow's first event to its latest: a distribution. */
  flowDuration: "FlowDuration",
  /** Alerts that `watch-flows` has published. */
  alerts: "Alerts",
  /** Alerts that are raised and not cleared; with the dimension `Alert`. */
  activeAlerts: "ActiveAlerts",
  /** Entries of an outbox that a relay has published, and those that it has set aside; with the dimension `Outbox`. */
  outboxPublished: "OutboxPublished",
  outboxFailed: "OutboxFailed",
  /** Milliseconds that the oldest waiting entry of an outbox has waited, where that is above a minute; with `Outbox`. */
  outboxAge: "OutboxAge",
} as const;

/** Dimensions of the metrics. */
export const metricDimensions = { bus: "Bus", subscription: "Subscription", outbox: "Outbox", alert: "Alert" } as const;
