import { bearerToken } from "../access/bearer.ts";
import { Refusal } from "../http/refusal.ts";

/**
 * The token of a request that an AWS SDK has signed. SDKs send the session token as it is, so that it carries the whole token,
 * and its hash can be compared like that of a bearer token. The signature is not verified: its key is the secret, of which a server keeps
 * a hash only, and who can read the request has the token in any case. `undefined` where there is none: on loopback any credentials
 * do, since an SDK cannot do without some.
 */
export function sigV4Token(request: Request, needsToken: boolean): string | undefined {
  const header = request.headers.get("authorization");
  const [, keyId] = /^AWS4-[A-Z0-9-]+ +Credential=([^/, ]+)\//.exec(header ?? "") ?? [];
  if (keyId === undefined) return bearerToken(request);
  const token = request.headers.get("x-amz-security-token");
  const isOurs = token?.startsWith("wgl_") === true;
  if (!needsToken && !isOurs) return undefined;
  if (token === null || !isOurs) {
    throw new Refusal(
      "unauthenticated",
      "this server needs a token: AWS_SESSION_TOKEN is the token, AWS_ACCESS_KEY_ID its id (the 12 digits after wgl_), and AWS_SECRET_ACCESS_KEY any text",
    );
  }
  if (token.slice(4, 16) === keyId) return token;
  throw new Refusal(
    "unauthenticated",
    "the access key id is not that of the session token; AWS_ACCESS_KEY_ID is the id of the token, the 12 digits after wgl_",
  );
}
