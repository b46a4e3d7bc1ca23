/**
 * Loads Node's SQLite without the warning that Node 22 prints then, "SQLite is an experimental feature": it tells the user of a bus
 * nothing that they could act on. All other warnings pass. Node warns once, so that the import that follows is silent.
 */
export function loadSqliteQuietly(load: () => unknown = loadBuiltin): void {
  const { emitWarning } = process;
  process.emitWarning = (warning: string | Error, ...options: never[]) => {
    if (!String(warning).includes("SQLite is an experimental feature")) {
      Reflect.apply(emitWarning, process, [warning, ...options]);
    }
  };
  try {
    load();
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** Synchronous, so that no other code runs meanwhile. A runtime without this function does not have the warning either. */
function loadBuiltin(): unknown {
  return process.getBuiltinModule?.("node:sqlite");
}
