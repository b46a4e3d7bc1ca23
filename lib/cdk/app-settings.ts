import type { Construct } from "constructs";
import { BusError } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";
import type { AgentEventBusProps, Publisher } from "./agent-event-bus.ts";
import { busNameIn, parseStage } from "./stage.ts";

/** What an app is told by its context: `-c name=value`, or cdk.json. */
export interface AppSettings extends AgentEventBusProps {
  /** The folder in which subscribers are found. */
  readonly functions: string;
}

/**
 * Reads the context `bus`, `stage`, `functions`, `alarm-email`, `publishers` (`<account>=<source>,<source>;…`) and `key`.
 * `invalid_config`.
 */
export function appSettings(app: Construct): AppSettings {
  const stage = parseStage(app.node.tryGetContext("stage"));
  return {
    stage,
    busName: busNameIn(stage, text(app, "bus") ?? "agents"),
    functions: text(app, "functions") ?? "functions",
    alarmEmails: listed(text(app, "alarm-email") ?? "", ","),
    publishers: listed(text(app, "publishers") ?? "", ";").map(publisher),
    ...(isSet(app, "key") ? { encryptionKey: true } : {}),
  };
}

function text(app: Construct, name: string): string | undefined {
  const given: unknown = app.node.tryGetContext(name);
  if (given === undefined || typeof given === "string") return given;
  throw new BusError("invalid_config", `context ${name} is ${shortForm(given)}; give a text`);
}

function listed(given: string, separator: string): string[] {
  return given
    .split(separator)
    .map((one) => one.trim())
    .filter((one) => one !== "");
}

function publisher(given: string): Publisher {
  const [account = "", sources = ""] = given.split("=");
  const [first, ...others] = listed(sources, ",");
  if (first === undefined) {
    throw new BusError(
      "invalid_config",
      `context publishers has ${shortForm(given)}; give <account>=<source>,<source>;<account>=…`,
    );
  }
  return { account: account.trim(), sources: [first, ...others] };
}

function isSet(app: Construct, name: string): boolean {
  const given: unknown = app.node.tryGetContext(name);
  if (given === undefined || given === false || given === "false") return false;
  if (given === true || given === "true") return true;
  throw new BusError("invalid_config", `context ${name} is ${shortForm(given)}; give true or false`);
}
