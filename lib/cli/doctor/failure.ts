import type { BusErrorCode } from "../../error/bus-error.ts";
import { toBusError } from "../../error/bus-error.ts";
import { type Finding, failed } from "./finding.ts";

/** What helps against an error whose message does not say it already. */
const fixes: Partial<Record<BusErrorCode, string>> = {
  invalid_config: "correct the option that the message names: --help, waggle.config.ts or the environment",
  not_found: "check the name and where it is looked for; deploy or create it",
  unavailable: "check that the store runs and that this machine reaches it and may use it",
  throttled: "try again; if it stays so, raise the limit of the store",
};

/** The finding of what a check threw. */
export function failureOf(check: string, thrown: unknown): Finding {
  const { code, message } = toBusError(thrown);
  return failed(check, `${code}: ${message}`, fixes[code] ?? "see docs/reference/errors.md");
}
