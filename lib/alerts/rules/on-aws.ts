import { BusError } from "../../error/bus-error.ts";
import { type AlertRule, type CheckedRule, checkAlerts } from "./rules.ts";

/** What the function `watch-flows` watches by default. */
const byDefault: readonly AlertRule[] = [{ kind: "slow-flow" }, { kind: "rate-spike" }];

/**
 * Checks the rules of the function `watch-flows`, and fills in what was left out. Throws `invalid_config`, also for what AWS cannot
 * answer: SQS tells the age of its oldest message to nobody but CloudWatch.
 */
export function checkAwsRules(rules: readonly AlertRule[] = byDefault, from = "watchFlows"): readonly CheckedRule[] {
  const checked = checkAlerts({ rules }, from);
  const index = checked.rules.findIndex(({ kind }) => kind === "backlog");
  if (index === -1) return checked.rules;
  throw new BusError(
    "invalid_config",
    `${from}.rules[${index}] has the kind "backlog", which AWS cannot answer: SQS tells the age of a message to CloudWatch alone; ` +
      "leave the rule out, as the alarm <bus>-<subscription>-oldest-message watches it",
  );
}
