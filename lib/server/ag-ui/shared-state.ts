import { isRecord } from "../../runtime/is-record.ts";
import { fieldIn, textIn } from "../event-fields.ts";

/** One step of a JSON Patch. */
export type PatchStep =
  | { readonly op: "add"; readonly path: string; readonly value: unknown }
  | { readonly op: "remove"; readonly path: string };

/** Names that a patch of a JavaScript object must not have. */
const unsafe: readonly string[] = ["__proto__", "constructor", "prototype"];

/**
 * The shared values of a flow as one object: a value at its key, or below its scope where it has one. It is kept here too, so that a
 * patch never names a parent that the client does not have.
 */
export class SharedState {
  readonly #values = new Map<string, unknown>();

  get isEmpty(): boolean {
    return this.#values.size === 0;
  }

  get snapshot(): Record<string, unknown> {
    return Object.fromEntries(this.#values);
  }

  /** The patch for the data of `state.changed`; empty where it changes nothing. */
  change(data: unknown): PatchStep[] {
    const key = fieldIn(data, "key");
    if (typeof key !== "string" || unsafe.includes(key)) return [];
    const scope = textIn(data, "scope");
    const value = fieldIn(data, "newValue");
    if (scope === undefined) return this.#set([], this.#values, key, value);
    if (unsafe.includes(scope)) return [];
    const within = this.#values.get(scope);
    if (isRecord(within)) {
      const values = new Map(Object.entries(within));
      const steps = this.#set([scope], values, key, value);
      this.#values.set(scope, Object.fromEntries(values));
      return steps;
    }
    return value === undefined ? [] : this.#set([], this.#values, scope, { [key]: value });
  }

  #set(parent: readonly string[], values: Map<string, unknown>, key: string, value: unknown): PatchStep[] {
    const path = [...parent, key].map((name) => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
    if (value !== undefined) {
      values.set(key, value);
      return [{ op: "add", path, value }];
    }
    return values.delete(key) ? [{ op: "remove", path }] : [];
  }
}
