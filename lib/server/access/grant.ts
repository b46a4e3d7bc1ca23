import * as z from "zod";

/** What a token may do: publish events; read and consume them; everything, dead letters, replays and deletions included. */
export const roles = ["publish", "subscribe", "operate"] as const;

/** One of {@link roles}. */
export type Role = (typeof roles)[number];

/** What the holder of a token may do. */
export const grantSchema = z.object({
  roles: z.array(z.enum(roles)).min(1),
  /** The only source in whose name it publishes, and its default. */
  source: z.string().min(1).max(256).exactOptional(),
  /** The only types that it publishes, reads and consumes; `*` allowed. */
  types: z.array(z.string().min(1)).min(1).exactOptional(),
});

export type Grant = z.infer<typeof grantSchema>;

/**
 * Whether every type that `selector` selects is one that `granted` selects. A `*` of the selector counts as a character: only
 * a `*` of what is granted can take it in, and that takes in whatever it stands for.
 */
export function covers(granted: string, selector: string): boolean {
  const [first = "", ...rest] = granted.split("*");
  if (rest.length === 0) return granted === selector;
  if (!selector.startsWith(first)) return false;
  const last = rest.pop() ?? "";
  let from = first.length;
  for (const part of rest) {
    const at = selector.indexOf(part, from);
    if (at === -1) return false;
    from = at + part.length;
  }
  return selector.length - last.length >= from && selector.endsWith(last);
}
