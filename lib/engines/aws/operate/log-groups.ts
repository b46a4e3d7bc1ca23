import { parameterNames } from "../../../aws-shared/index.ts";
import { BusError } from "../../../error/bus-error.ts";
import { didYouMean } from "../../../event/nearest.ts";
import { toBusErrorOfAws } from "../aws-error.ts";
import type { Clients } from "../dependencies.ts";

/** Where a function of a bus writes what it logs. */
export interface FunctionLog {
  /** The subscription, or the bus's own function: `record-history`. */
  readonly function: string;
  readonly logGroup: string;
}

/**
 * The logs of the functions of a bus, by the parameters that the stacks have written; only those of the names, where they are
 * given. `not_found` where there is none, or none of a name.
 */
export async function findFunctionLogs(
  clients: Pick<Clients, "ssm">,
  bus: string,
  names: readonly string[],
): Promise<readonly FunctionLog[]> {
  const all = await allLogs(clients, bus);
  if (all.length === 0) {
    throw new BusError(
      "not_found",
      `bus ${bus} does not say where its functions log: there is no parameter under ${parameterNames.logs(bus)}; deploy its stacks with this version of Waggle`,
    );
  }
  if (names.length === 0) return all;
  return names.map((name) => {
    const found = all.find((log) => log.function === name);
    if (found !== undefined) return found;
    const known = all.map((log) => log.function);
    const fix = didYouMean(name, known, `the functions are ${known.join(", ")}`);
    throw new BusError(
      "not_found",
      `bus ${bus} has no function ${name}${fix}; a subscription of a QueueSubscriber has none: it logs where its process runs`,
    );
  });
}

/** In the order of their names. A subscription comes before the function of the bus that has its name. */
async function allLogs(clients: Pick<Clients, "ssm">, bus: string): Promise<FunctionLog[]> {
  const Path = parameterNames.logs(bus);
  const found: (FunctionLog & { readonly own: boolean })[] = [];
  try {
    const ssm = await clients.ssm();
    const { GetParametersByPathCommand } = await import("../ssm.ts");
    let next: string | undefined;
    do {
      const page = await ssm.send(
        new GetParametersByPathCommand({ Path, MaxResults: 10, ...(next === undefined ? {} : { NextToken: next }) }),
      );
      for (const { Name = "", Value } of page.Parameters ?? []) {
        const name = Name.slice(Path.length + 1);
        const own = name.startsWith("_");
        if (Value !== undefined) found.push({ function: own ? name.slice(1) : name, logGroup: Value, own });
      }
      next = page.NextToken;
    } while (next !== undefined);
  } catch (thrown) {
    throw toBusErrorOfAws(thrown, `parameters ${Path}`);
  }
  return found
    .sort((one, other) => Number(one.own) - Number(other.own) || (one.function < other.function ? -1 : 1))
    .map(({ function: name, logGroup }) => ({ function: name, logGroup }));
}
