import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";

/** The stages of a bus. */
export const stages = ["dev", "prod"] as const;

/** One of {@link stages}: `dev` leaves nothing behind when it is destroyed, `prod` retains its data. */
export type Stage = (typeof stages)[number];

/** The settings of a stage. */
export interface StageSettings {
  /**
   * The removal policy of everything with data: tables, bodies, the archive and its bus, key, logs. What is retained when its
   * stack is deleted is deleted all the same if its stack was never complete, so that a first deployment can be repeated.
   */
  readonly removalPolicy: RemovalPolicy;
  /** How long history keeps an event by default. */
  readonly historyRetention: Duration;
  /** How long the archive keeps an event by default. */
  readonly archiveRetention: Duration;
  readonly logRetention: RetentionDays;
  /** Whether tables are protected against deletion. */
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
    removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    historyRetention: Duration.days(90),
    archiveRetention: Duration.days(90),
    logRetention: RetentionDays.THREE_MONTHS,
    deletionProtection: true,
  },
};

/** Returns the settings of a stage. */
export function stageSettings(stage: Stage): StageSettings {
  return settings[stage];
}

/** Parses the name of a stage; the default is `dev`. Throws `invalid_config`. */
export function parseStage(given: unknown): Stage {
  if (given === undefined) return "dev";
  const stage = stages.find((one) => one === given);
  if (stage !== undefined) return stage;
  throw new BusError("invalid_config", `stage ${mustBe(stages.join(" or "), given)}`);
}

/** Returns the name of a bus in a stage. The name in `dev` has a suffix, so that both can be in one account. */
export function busNameIn(stage: Stage, name: string): string {
  return stage === "prod" ? name : `${name}-${stage}`;
}
