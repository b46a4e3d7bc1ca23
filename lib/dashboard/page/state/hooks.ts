import { useEffect, useRef, useState } from "preact/hooks";
import { type BusError, toBusError } from "../../../error/bus-error.ts";
import { connection, markOutdated, requests, token } from "./session.ts";
import type { Store } from "./store.ts";

/** The value of a store, as it changes. */
export function useStore<Value>(store: Store<Value>): Value {
  const [value, setValue] = useState(store.get());
  useEffect(() => {
    setValue(store.get());
    return store.subscribe(() => setValue(store.get()));
  }, [store]);
  return value;
}

/** What the server said to a question. */
export interface Answer<Value> {
  /** The last answer; kept where a later question fails. */
  readonly value: Value | undefined;
  /** Why there is none, or none newer. */
  readonly error: BusError | undefined;
  /** Asks again now. */
  readonly reload: () => void;
}

/** Milliseconds after which a question is asked again that the server could not answer. */
const retryMs = 2_000;

/**
 * Asks the server, again every `everyMs` where that is given, and again when the connection is back or the token changes. While the tab is hidden
 * nothing is asked. `path` undefined: there is no question yet.
 */
export function useAnswer<Value>(
  path: string | undefined,
  read: (answer: Record<string, unknown>) => Value,
  { everyMs }: { readonly everyMs?: number } = {},
): Answer<Value> {
  const [state, setState] = useState<{ path?: string | undefined; value?: Value; error?: BusError }>({});
  const [round, setRound] = useState(0);
  const secret = useStore(token);
  const reader = useRef(read);
  reader.current = read;
  useEffect(() => {
    if (path === undefined) return undefined;
    const ending = new AbortController();
    const { signal } = ending;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isAnswered = false;
    const ask = async () => {
      if (document.hidden) {
        document.addEventListener("visibilitychange", () => void ask(), { once: true, signal });
        return;
      }
      try {
        const value = reader.current(await requests().json(path, signal));
        if (signal.aborted) return;
        isAnswered = true;
        markOutdated(path, undefined);
        setState({ path, value });
        if (everyMs !== undefined) timer = setTimeout(ask, everyMs);
      } catch (thrown) {
        if (signal.aborted) return;
        const error = toBusError(thrown);
        if (isAnswered) markOutdated(path, error.message);
        setState((before) => ({ ...(before.path === path ? before : { path }), error }));
        if (error.retryable || connection.get().state === "lost") timer = setTimeout(ask, retryMs);
      }
    };
    void ask();
    return () => {
      ending.abort();
      clearTimeout(timer);
      markOutdated(path, undefined);
    };
  }, [path, everyMs, round, secret]);
  const current = state.path === path ? state : {};
  return { value: current.value, error: current.error, reload: () => setRound((before) => before + 1) };
}

/** A time that goes on, in milliseconds since 1970, for what says how long ago something was. */
export function useNow(everyMs = 1_000): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
