const ends = ["SIGINT", "SIGTERM", "beforeExit", "unhandledRejection"];

/** Loads a package, and takes away the listeners that it adds for the end of the process, which all test files share. */
export async function withoutListeners<Module>(load: () => Promise<Module>): Promise<Module> {
  const before = new Set<unknown>(ends.flatMap((name) => process.rawListeners(name)));
  const module = await load();
  for (const name of ends) {
    for (const listener of process.rawListeners(name)) {
      // They are those that `removeListener` takes, whatever their arguments.
      if (!before.has(listener)) process.removeListener(name, listener as () => void);
    }
  }
  return module;
}
