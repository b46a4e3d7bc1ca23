import { DescribeEventBusCommand } from "@aws-sdk/client-eventbridge";
import {
  type BusAddress,
  type BusConfig,
  checkBusName,
  configOfAddress,
  parameterNames,
  parseBusConfig,
} from "../../aws-shared/index.ts";
import { BusError } from "../../error/bus-error.ts";
import { messageOf } from "../../error/message-of.ts";
import { isAwsError, toBusErrorOfAws } from "./aws-error.ts";
import type { Clients } from "./dependencies.ts";

/** Milliseconds after which a bus that could not be asked for counts as out of reach. */
const timeoutMs = 10_000;

/**
 * Reads what the stacks have said of a bus, and asks EventBridge whether it is there: PutEvents would drop events for one
 * that is not, and say nothing. `not_found`; `invalid_config` without a Region; `unavailable` without credentials, without
 * the right to ask, or where AWS cannot be reached within 10 s.
 */
export async function findBus(clients: Pick<Clients, "ssm" | "events">, name: string): Promise<BusConfig> {
  const bus = checkBusName(name);
  const region = await regionOf(clients);
  const parameter = parameterNames.bus(bus);
  const abortSignal = AbortSignal.timeout(timeoutMs);
  const json = await ask(`bus ${bus} in ${region}: parameter ${parameter}`, abortSignal, async () => {
    const ssm = await clients.ssm();
    const { GetParameterCommand } = await import("./ssm.ts");
    try {
      const { Parameter } = await ssm.send(new GetParameterCommand({ Name: parameter }), { abortSignal });
      return Parameter?.Value;
    } catch (thrown) {
      if (isAwsError(thrown, "ParameterNotFound")) return undefined;
      throw thrown;
    }
  });
  if (json === undefined) {
    throw new BusError(
      "not_found",
      `there is no bus ${bus} in ${region}: parameter ${parameter} is not there; deploy its stacks there, or check the ` +
        "bus's name, the Region (AWS_REGION) and the account of the credentials",
      { details: { bus, region, parameter } },
    );
  }
  const config = parseBusConfig(json, `parameter ${parameter} in ${region}`);
  if (await exists(clients, config.bus, `bus ${bus} in ${region}`, abortSignal)) return config;
  throw new BusError(
    "not_found",
    `there is no bus ${bus} in ${region}, though parameter ${parameter} names it: EventBridge has none; deploy its stacks again`,
    { details: { bus, region, parameter } },
  );
}

/**
 * Returns what can be known of a bus of another account. `not_found` where that account says that it is not there; whether it
 * is may also be for that account alone to know. `unavailable` as {@link findBus}.
 */
export async function findForeignBus(clients: Pick<Clients, "events">, address: BusAddress): Promise<BusConfig> {
  const { account, arn, bus, region } = address;
  const what = `bus ${bus} of account ${account} in ${region}`;
  if (await exists(clients, arn, what, AbortSignal.timeout(timeoutMs), "or unknown")) return configOfAddress(address);
  throw new BusError("not_found", `there is no ${what}; check the ARN`, { details: { bus, region, arn } });
}

/** Asks EventBridge for a bus, by its name or ARN. `orUnknown`: a caller without the right to ask takes it to be there. */
async function exists(
  { events }: Pick<Clients, "events">,
  name: string,
  what: string,
  abortSignal: AbortSignal,
  orUnknown?: "or unknown",
): Promise<boolean> {
  return ask(what, abortSignal, async () => {
    try {
      await events.send(new DescribeEventBusCommand({ Name: name }), { abortSignal });
      return true;
    } catch (thrown) {
      if (isAwsError(thrown, "ResourceNotFoundException")) return false;
      if (orUnknown !== undefined && isAwsError(thrown, "AccessDeniedException")) return true;
      throw thrown;
    }
  });
}

/** Asked before anything is sent: without one, what the SDK throws names neither the bus nor the fix. */
async function regionOf({ events }: Pick<Clients, "events">): Promise<string> {
  try {
    return await events.config.region();
  } catch (thrown) {
    throw new BusError(
      "invalid_config",
      `no AWS Region is set (${messageOf(thrown)}); set AWS_REGION, or \`region\` in the profile that AWS_PROFILE names`,
      { cause: thrown },
    );
  }
}

async function ask<Answer>(what: string, signal: AbortSignal, act: () => Promise<Answer>): Promise<Answer> {
  try {
    return await act();
  } catch (thrown) {
    if (signal.aborted) throw unreachable(what, `no answer within ${timeoutMs} ms`, thrown);
    if (isUnreachable(thrown)) throw unreachable(what, thrown.code, thrown);
    throw toBusErrorOfAws(thrown, what);
  }
}

function unreachable(what: string, why: string, cause: unknown): BusError {
  return new BusError(
    "unavailable",
    `${what}: AWS cannot be reached (${why}); check the network and, where they are set, AWS_ENDPOINT_URL and its kind`,
    { cause },
  );
}

const networkCodes: ReadonlySet<unknown> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "ETIMEDOUT",
]);

function isUnreachable(thrown: unknown): thrown is Error & { code: string } {
  return thrown instanceof Error && "code" in thrown && networkCodes.has(thrown.code);
}
