import { messageOf } from "../../../error/message-of.ts";
import { isAwsError, isRefused, toBusErrorOfAws } from "../aws-error.ts";
import { fixOfRefusal, refusedAction } from "./action-grants.ts";

/** What a check found of one thing. */
export interface AwsFinding {
  /** What was looked at: `bus`, `table`, `queue`, `alarm`. */
  readonly check: string;
  /** `failed`: the bus does not work, or will lose something. `warning`: somebody should look. */
  readonly state: "ok" | "warning" | "failed";
  readonly text: string;
  /** What to do; absent where nothing is to be done. */
  readonly fix?: string;
}

/** The finding of what a request threw. `action`: what it needs in IAM. */
export function findingOfError(check: string, what: string, action: string, thrown: unknown): AwsFinding {
  if (isAwsError(thrown, "CredentialsProviderError")) {
    const fix = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; or log in (aws sso login)";
    return { check, state: "failed", text: `${what}: there are no credentials (${messageOf(thrown)})`, fix };
  }
  const error = toBusErrorOfAws(thrown, what);
  if (isRefused(thrown)) {
    const refused = refusedAction(messageOf(thrown)) ?? action;
    const text = `${what}: these credentials may not ${refused}`;
    // Credentials that have expired are refused too, and no grant helps.
    return isAwsError(thrown, "AccessDeniedException") || isAwsError(thrown, "AccessDenied")
      ? { check, state: "failed", text, fix: fixOfRefusal(refused) }
      : { check, state: "failed", text: error.message, fix: "renew the credentials, or choose others (AWS_PROFILE)" };
  }
  const fix =
    error.code === "not_found"
      ? "deploy the stacks of the bus again (npx cdk deploy --all)"
      : "try again; check the network, AWS_REGION and AWS_ENDPOINT_URL";
  return { check, state: "failed", text: error.message, fix };
}
