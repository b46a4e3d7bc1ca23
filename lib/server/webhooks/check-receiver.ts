import { BusError } from "../../error/bus-error.ts";
import { shortForm } from "../../error/short-form.ts";
import { checkLiteral, publicLookup, type Resolve } from "./address.ts";

/** What receivers are allowed. */
export interface ReceiverRules {
  /** Whether addresses may be reached that are not public, and without TLS. */
  readonly allowPrivateWebhooks: boolean;
  /** Default: the resolver of the system. */
  readonly resolveWebhooks?: Resolve | undefined;
}

/**
 * The URL of a receiver, in its normal form. Rejects with `invalid_config` for what is none, or may not be sent to. A name that does not
 * resolve now is taken: each message looks again.
 */
export async function checkReceiver(
  text: string,
  { allowPrivateWebhooks, resolveWebhooks }: ReceiverRules,
): Promise<string> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw invalid(`${shortForm(text)} is not a URL; give one such as https://example.com/hook`);
  if (url.protocol !== "https:" && !(allowPrivateWebhooks && url.protocol === "http:")) {
    throw invalid(`${shortForm(text)} must begin with https://; http:// is allowed with --allow-private-webhooks`);
  }
  if (url.username !== "" || url.password !== "") {
    throw invalid("the URL holds credentials; the receiver verifies the signature instead");
  }
  if (url.hash !== "") throw invalid(`${shortForm(text)} has a fragment, which is never sent; remove it`);
  if (!allowPrivateWebhooks) {
    checkLiteral(url.hostname);
    await checkName(url.hostname, resolveWebhooks);
  }
  return url.href;
}

function checkName(hostname: string, resolve: Resolve | undefined): Promise<void> {
  return new Promise((done, reject) => {
    publicLookup(resolve)(hostname.replace(/^\[|\]$/g, ""), { all: true }, (error) => {
      if (error instanceof BusError) reject(invalid(error.message));
      else done();
    });
  });
}

function invalid(message: string): BusError {
  return new BusError("invalid_config", message, { details: { path: "url" } });
}
