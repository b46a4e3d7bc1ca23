import { flushCompileCache } from "node:module";

/**
 * For a process that is to be killed, once it has loaded all: Node writes what it compiled into its cache when a process ends by
 * itself, so that each of those that never do would strip and compile the whole library again.
 */
export function keepCompiled(): void {
  flushCompileCache();
}
