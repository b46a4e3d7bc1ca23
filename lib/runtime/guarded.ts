import { promiseOf } from "./promise-of.ts";

/**
 * A function of the user's whose failure must not reach what calls it: `failed` gets what it throws, or what its promise
 * rejects with.
 */
export function guarded<Values extends readonly unknown[]>(
  call: (...values: Values) => unknown,
  failed: (thrown: unknown, ...values: Values) => void,
): (...values: Values) => void {
  return (...values) => {
    try {
      promiseOf(call(...values))?.catch((thrown: unknown) => failed(thrown, ...values));
    } catch (thrown) {
      failed(thrown, ...values);
    }
  };
}
