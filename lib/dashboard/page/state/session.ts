import { Requests } from "../../../browser/requests.ts";
import { createStore } from "./store.ts";

/** What the page knows of its server. */
export type Connection =
  | { readonly state: "unknown" | "connected" }
  /** `since`: milliseconds since 1970 of the last answer, or of the first try. */
  | { readonly state: "lost"; readonly since: number };

/** Why the page asks for a token. */
export type TokenWanted = "no" | "missing" | "refused";

const key = "waggle.token";

/** The token of this tab: gone when the tab is closed, and never sent to anything but the page's own server. */
export const token = createStore<string | undefined>(sessionStorage.getItem(key) ?? undefined);
export const tokenWanted = createStore<TokenWanted>("no");
export const connection = createStore<Connection>({ state: "unknown" });

/** Questions that the server did answer, and does not now, with its reason: what is shown of them is old. */
export const outdated = createStore<ReadonlyMap<string, string>>(new Map());

/** Notes that a question is not answered any more; `undefined`: it is. */
export function markOutdated(path: string, reason: string | undefined): void {
  if (reason === undefined && !outdated.get().has(path)) return;
  const changed = new Map(outdated.get());
  if (reason === undefined) changed.delete(path);
  else changed.set(path, reason);
  outdated.set(changed);
}

let lastAnswer = Date.now();

/** Keeps a token for this tab; `undefined` forgets it. */
export function useToken(text: string | undefined): void {
  if (text === undefined) sessionStorage.removeItem(key);
  else sessionStorage.setItem(key, text);
  tokenWanted.set("no");
  token.set(text);
}

/** The server refused the token, or the lack of one; or could not be reached: the page says so, and heals with the next answer. */
const watchedFetch: typeof fetch = async (input, init) => {
  const sent = token.get();
  let response: Response;
  try {
    response = await fetch(input, init);
  } catch (thrown) {
    if (init?.signal?.aborted !== true) lose();
    throw thrown;
  }
  lastAnswer = Date.now();
  connection.set({ state: "connected" });
  if (response.status === 401 && sent === token.get()) tokenWanted.set(sent === undefined ? "missing" : "refused");
  return response;
};

/** The connection is gone. */
export function lose(): void {
  if (connection.get().state !== "lost") connection.set({ state: "lost", since: lastAnswer });
}

/** Requests to the page's server with the token of this tab. */
export function requests(): Requests {
  return new Requests({ url: "", token: token.get(), fetch: watchedFetch });
}
