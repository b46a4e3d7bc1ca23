/** A value that parts of the page look at. */
export interface Store<Value> {
  get(): Value;
  set(value: Value): void;
  /** Calls back after each change; what is returned ends that. */
  subscribe(changed: () => void): () => void;
}

/** Makes a store. Setting the same value tells nobody. */
export function createStore<Value>(first: Value): Store<Value> {
  let current = first;
  const listeners = new Set<() => void>();
  return {
    get: () => current,
    set: (value) => {
      if (Object.is(value, current)) return;
      current = value;
      for (const listener of [...listeners]) listener();
    },
    subscribe: (changed) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
  };
}
