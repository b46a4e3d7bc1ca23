import type { Construct } from "constructs";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import type { AgentEventBusProps } from "./agent-event-bus.ts";
import type { Publisher } from "./publishers.ts";
import { busNameIn, parseStage } from "./stage.ts";

/** Settings from the context of an app: `-c name=value`, or cdk.json. */
export interface AppSettings extends AgentEventBusProps {
  /** The folder of the subscribers. */
  readonly functions: string;
}

/**
 * Reads the context `bus`, `stage`, `functions`, `alarm-email`, `publishers` (`<account or organization>=<source>,<source>;…`)
 * and `key`.
 * Throws `invalid_config`.
 */
export function appSettings(app: Construct): AppSettings {
  const stage = parseStage(app.node.tryGetContext("stage"));
  return {
    stage,
    busName: busNameIn(stage, contextString(app, "bus") ?? "agents"),
    functions: contextString(app, "functions") ?? "functions",
    alarmEmails: split(contextString(app, "alarm-email") ?? "", ","),
    publishers: split(contextString(app, "publishers") ?? "", ";").map(publisher),
    ...(isSet(app, "key") ? { encryptionKey: true } : {}),
  };
}

function contextString(app: Construct, name: string): string | undefined {
  const given: unknown = app.node.tryGetContext(name);
  if (given === undefined || typeof given === "string") return given;
  throw new BusError("invalid_config", `context ${name} ${mustBe("a string", given)}`);
}

function split(given: string, separator: string): string[] {
  return given
    .split(separator)
    .map((one) => one.trim())
    .filter((one) => one !== "");
}

function publisher(given: string): Publisher {
  const [id = "", sources = ""] = given.split("=").map((part) => part.trim());
  const [first, ...others] = split(sources, ",");
  if (first === undefined) {
    throw new BusError(
      "invalid_config",
      `a publisher in context publishers ${mustBe("<account or organization>=<source>,<source>", given)}; separate publishers by ;`,
    );
  }
  const who = id.startsWith("o-") ? { organization: id } : { account: id };
  return { ...who, sources: [first, ...others] };
}

function isSet(app: Construct, name: string): boolean {
  const given: unknown = app.node.tryGetContext(name);
  if (given === undefined || given === false || given === "false") return false;
  if (given === true || given === "true") return true;
  throw new BusError("invalid_config", `context ${name} ${mustBe("true or false", given)}`);
}
