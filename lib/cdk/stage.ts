import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import { BusError } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";

/** What a bus is for. */
export const stages = ["dev", "prod"] as const;

/** One of {@link stages}: `dev` leaves nothing behind when it is destroyed, `prod` keeps its data. */
export type Stage = (typeof stages)[number];

/** What follows from the stage. */
export interface StageSettings {
  /** Of all that holds data: tables, bodies, archive and the bus that it belongs to, key, logs. */
  readonly removalPolicy: RemovalPolicy;
  /** For how long history keeps an event, where nothing else is said. */
  readonly historyRetention: Duration;
  /** For how long the archive does. */
  readonly archiveRetention: Duration;
  readonly logRetention: RetentionDays;
  /** Whether a table has to be unlocked before anything can delete it. */
  readonly deletionProtection: boolean;
}

const settings: Readonly<Record<Stage, StageSettings>> = {
  dev: {
    removalPolicy: RemovalPolicy.DESTROY,
    historyRetention: Duration.days(7),
    archiveRetention: Duration.days(7),
    logRetention: RetentionDays.ONE_WEEK,
    deletionProtection: false,
  },
  prod: {
    removalPolicy: RemovalPolicy.RETAIN,
    historyRetention: Duration.days(90),
    archiveRetention: Duration.days(90),
    logRetention: RetentionDays.THREE_MONTHS,
    deletionProtection: true,
  },
};

/** What follows from a stage. */
export function stageSettings(stage: Stage): StageSettings {
  return settings[stage];
}

/** Reads the name of a stage; `dev` where there is none. `invalid_config`. */
export function parseStage(given: unknown): Stage {
  if (given === undefined) return "dev";
  const stage = stages.find((one) => one === given);
  if (stage !== undefined) return stage;
  throw new BusError("invalid_config", `stage is ${shortForm(given)}; give ${stages.join(" or ")}`);
}

/** The bus's name in a stage: that of `dev` says so, so that both fit in one account. */
export function busNameIn(stage: Stage, name: string): string {
  return stage === "prod" ? name : `${name}-${stage}`;
}
