import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import * as z from "zod";
import { type Grant, grantSchema } from "./grant.ts";

/** A token as it is stored: its secret is kept as a hash only, so that who reads the file cannot use it. */
export const storedTokenSchema = grantSchema.extend({
  /** Names the token in the file, in lists and in logs. */
  id: z.string().regex(/^[0-9a-f]{12}$/),
  /** SHA-256 of the secret, base64url. A secret has 256 random bits, so that a slow hash would add nothing. */
  hash: z.string().min(1),
  /** RFC 3339. */
  createdAt: z.string(),
  /** RFC 3339: from then on it is refused. */
  expiresAt: z.string(),
});

export type StoredToken = z.infer<typeof storedTokenSchema>;

/** A token that was made: `text` is shown once, `stored` is kept. */
export interface NewToken {
  readonly text: string;
  readonly stored: StoredToken;
}

const form = /^wgl_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;

/** Makes a token. Times are milliseconds since 1970. */
export function createToken(grant: Grant, { now, expiresAt }: { now: number; expiresAt: number }): NewToken {
  const id = randomBytes(6).toString("hex");
  const secret = randomBytes(32).toString("base64url");
  const at = (time: number) => new Date(time).toISOString();
  return {
    text: `wgl_${id}_${secret}`,
    stored: { id, hash: hashOf(secret), ...grant, createdAt: at(now), expiresAt: at(expiresAt) },
  };
}

/** The stored token that a text is, and that has not expired; `undefined` where there is none. Compares in constant time. */
export function findToken(tokens: readonly StoredToken[], text: string, now: number): StoredToken | undefined {
  const [, id, secret] = form.exec(text) ?? [];
  if (id === undefined || secret === undefined) return undefined;
  const stored = tokens.find((token) => token.id === id);
  if (stored === undefined) return undefined;
  const given = Buffer.from(hashOf(secret));
  const kept = Buffer.from(stored.hash);
  const same = given.length === kept.length && timingSafeEqual(given, kept);
  return same && Date.parse(stored.expiresAt) > now ? stored : undefined;
}

function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}
