/** The logger of a bus and its handlers. Fields are JSON values; an event's data is never among them. */
export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** A logger that takes the fields before the message: pino, and what is built on it. It is known by its `bindings`. */
export interface FieldsFirstLogger {
  debug(fields: object, message?: string): void;
  info(fields: object, message?: string): void;
  warn(fields: object, message?: string): void;
  error(fields: object, message?: string): void;
  bindings(): object;
}

/**
 * Logger libraries that are taken as they are: `console`, winston and others that are called with `(message, fields)`, and
 * pino, which is called with `(fields, message)`.
 */
export type LoggerLike = (Logger & { bindings?: undefined }) | FieldsFirstLogger;

/** The logger that a user gave, called in the order of arguments that it expects. */
export function toLogger(given: LoggerLike): Logger {
  if (!takesFieldsFirst(given)) return given;
  return {
    debug: (message, fields = {}) => given.debug(fields, message),
    info: (message, fields = {}) => given.info(fields, message),
    warn: (message, fields = {}) => given.warn(fields, message),
    error: (message, fields = {}) => given.error(fields, message),
  };
}

function takesFieldsFirst(given: LoggerLike): given is FieldsFirstLogger {
  return "bindings" in given && typeof given.bindings === "function";
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
