import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers";
import timersPromises from "node:timers/promises";
import { promisify } from "node:util";
import { currentProcess, type SimulatedProcess, SimulatedTimer } from "./world.ts";

type AnyFunction = (...args: never[]) => unknown;

/** An object whose members are replaced for as long as a simulation runs. */
type Members = Record<PropertyKey, unknown>;

/**
 * Has the time, the timers and the randomness of Node be those of the simulated process that asks for them; code outside of a
 * simulation gets the real ones. Gives what puts all of it back.
 */
export function simulateBuiltins(): () => void {
  const undo: (() => void)[] = [];
  const replace = (target: object, name: string, value: unknown) => {
    const before = Object.getOwnPropertyDescriptor(target, name);
    Object.defineProperty(target, name, { configurable: true, writable: true, enumerable: true, value });
    undo.push(() => {
      if (before === undefined) delete (target as Members)[name];
      else Object.defineProperty(target, name, before);
    });
  };
  /** Where a process asks, what the simulation says; else the real one. */
  const redirect = (
    target: object,
    name: string,
    simulated: (process: SimulatedProcess, ...args: never[]) => unknown,
  ) => {
    const real = (target as Members)[name] as AnyFunction;
    const either = function (this: unknown, ...args: never[]) {
      const process = currentProcess.getStore();
      return process === undefined ? real.apply(this, args) : simulated(process, ...args);
    };
    replace(target, name, Object.assign(either, real));
    return either;
  };

  for (const target of [globalThis, timers]) {
    const setTimeout = redirect(target, "setTimeout", (process, run: (...args: unknown[]) => void, ms = 1, ...args) =>
      process.setTimer(() => run(...args), ms),
    );
    Object.assign(setTimeout, { [promisify.custom]: sleep(timersPromises.setTimeout) });
    redirect(target, "setInterval", (process, run: (...args: unknown[]) => void, ms = 1, ...args) => {
      const timer: SimulatedTimer = process.setTimer(() => {
        timer.refresh();
        run(...args);
      }, ms);
      return timer;
    });
    const setImmediate = redirect(target, "setImmediate", (process, run: (...args: unknown[]) => void, ...args) =>
      process.setImmediate(() => run(...args)),
    );
    Object.assign(setImmediate, { [promisify.custom]: nextTurn(timersPromises.setImmediate) });
    for (const name of ["clearTimeout", "clearInterval"]) {
      const real = (target as Members)[name] as (timer: unknown) => void;
      replace(target, name, (timer: unknown) => (timer instanceof SimulatedTimer ? timer.cancel() : real(timer)));
    }
    const realClear = target.clearImmediate;
    replace(target, "clearImmediate", (turn: unknown) => {
      if (typeof turn === "object" && turn !== null && "cancelled" in turn) turn.cancelled = true;
      else realClear(turn as NodeJS.Immediate);
    });
  }
  replace(timersPromises, "setTimeout", sleep(timersPromises.setTimeout));
  replace(timersPromises, "setImmediate", nextTurn(timersPromises.setImmediate));
  redirect(timersPromises.scheduler, "wait", (process, ms: number) => process.sleep(ms));

  replace(globalThis, "Date", simulatedDate(Date));
  redirect(performance, "now", ({ world }) => world.exact() - world.startedAt);
  redirect(AbortSignal, "timeout", (process, ms: number) => {
    const controller = new AbortController();
    process.setTimer(() => controller.abort(new DOMException("the operation timed out", "TimeoutError")), ms);
    return controller.signal;
  });

  redirect(Math, "random", ({ world }) => world.random.next());
  redirect(crypto, "randomUUID", ({ world }) => uuid(world.random.bytes(16)));
  redirect(crypto, "randomBytes", ({ world }, size: number) => Buffer.from(world.random.bytes(size)));
  redirect(crypto, "randomInt", ({ world }, one: number, other?: number) =>
    other === undefined ? world.random.below(one) : one + world.random.below(other - one),
  );
  redirect(globalThis.crypto, "randomUUID", ({ world }) => uuid(world.random.bytes(16)));
  redirect(globalThis.crypto, "getRandomValues", ({ world }, array: NodeJS.TypedArray) => {
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(world.random.bytes(array.byteLength));
    return array;
  });
  syncBuiltinESMExports();
  return () => {
    for (const put of undo.splice(0).reverse()) put();
    syncBuiltinESMExports();
  };
}

function sleep(real: typeof timersPromises.setTimeout): typeof timersPromises.setTimeout {
  return <Value>(
    ms?: number,
    value?: Value,
    options?: { signal?: AbortSignal | undefined; ref?: boolean | undefined },
  ) => {
    const process = currentProcess.getStore();
    if (process === undefined) return real(ms, value, options) as Promise<Value>;
    const { promise, resolve, reject } = Promise.withResolvers<Value>();
    const { signal } = options ?? {};
    const stop = () => {
      timer.cancel();
      reject(new DOMException("The operation was aborted", { name: "AbortError", cause: signal?.reason }));
    };
    const timer = process.setTimer(() => {
      signal?.removeEventListener("abort", stop);
      resolve(value as Value);
    }, ms ?? 1);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
    return promise;
  };
}

function nextTurn(real: typeof timersPromises.setImmediate): typeof timersPromises.setImmediate {
  return <Value>(value?: Value, options?: object) => {
    const process = currentProcess.getStore();
    if (process === undefined) return real(value, options) as Promise<Value>;
    return new Promise<Value>((resolve) => process.setImmediate(() => resolve(value as Value)));
  };
}

function simulatedDate(real: DateConstructor): DateConstructor {
  return new Proxy(real, {
    construct: (target, args: [], newTarget) => {
      const process = args.length === 0 ? currentProcess.getStore() : undefined;
      return Reflect.construct(target, process === undefined ? args : [process.world.now()], newTarget);
    },
    apply: (target, _, args: []) => {
      const process = currentProcess.getStore();
      return process === undefined ? target(...args) : new target(process.world.now()).toString();
    },
    get: (target, name) => (name === "now" ? now : Reflect.get(target, name)),
  });
  function now(): number {
    return currentProcess.getStore()?.world.now() ?? real.now();
  }
}

function uuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString("hex");
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}
