/** The logger of a bus and its handlers. Fields are JSON values; an event's data is never among them. */
export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

const levels = ["debug", "info", "warn", "error"] as const;
/** The lowest level that is logged; `silent` logs nothing. */
export type LogLevel = (typeof levels)[number] | "silent";

/** Creates a logger that writes one JSON object per line to `write`. The time is RFC 3339. */
export function jsonLogger(write: (line: string) => void, level: LogLevel = "warn"): Logger {
  const lowest = level === "silent" ? levels.length : levels.indexOf(level);
  const at =
    (name: (typeof levels)[number]): Logger["info"] =>
    (message, fields) => {
      if (levels.indexOf(name) < lowest) return;
      write(JSON.stringify({ time: new Date().toISOString(), level: name, message, ...fields }));
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** Returns a logger that adds fields to every line. */
export function withFields(logger: Logger, fields: Readonly<Record<string, unknown>>): Logger {
  return {
    debug: (message, more) => logger.debug(message, { ...fields, ...more }),
    info: (message, more) => logger.info(message, { ...fields, ...more }),
    warn: (message, more) => logger.warn(message, { ...fields, ...more }),
    error: (message, more) => logger.error(message, { ...fields, ...more }),
  };
}
