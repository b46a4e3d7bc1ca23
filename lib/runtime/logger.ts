import { messageOf } from "../error/message-of.ts";
import { guarded } from "./guarded.ts";

/** The logger of a bus and its handlers. Fields are JSON values; an event's data is never among them. */
export interface Logger {
  /** For a developer who follows a single event. */
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** For what goes as it should. */
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** For what somebody should look at. */
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** For what has failed. */
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** A logger that takes the fields before the message: pino, and what is built on it. */
export interface FieldsFirstLogger {
  /** As {@link Logger.debug}, with the fields first. */
  debug(fields: object, message?: string): void;
  /** As {@link Logger.info}, with the fields first. */
  info(fields: object, message?: string): void;
  /** As {@link Logger.warn}, with the fields first. */
  warn(fields: object, message?: string): void;
  /** As {@link Logger.error}, with the fields first. */
  error(fields: object, message?: string): void;
  /** The fields of every line. Waggle recognizes a fields-first logger by this method, and does not call it. */
  bindings(): object;
}

/**
 * A logger that `connect` accepts as it is: `console`, winston and others that are called with `(message, fields)`, or pino,
 * which is called with `(fields, message)`.
 */
export type LoggerLike =
  | (Logger & {
      /** A logger with `bindings` is a {@link FieldsFirstLogger}. */
      bindings?: undefined;
    })
  | FieldsFirstLogger;

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

/**
 * A logger that never throws. A line that `logger` fails to write, since it throws or its promise rejects, goes to `fallback`:
 * what becomes of a delivery must not depend on it.
 */
export function guardLogger(logger: Logger, fallback: Logger): Logger {
  const at = (level: (typeof levels)[number]): Logger["info"] =>
    guarded(
      (message: string, fields?: Readonly<Record<string, unknown>>) => logger[level](message, fields),
      (thrown, message, fields) => fallback[level](message, { ...fields, loggerFailed: messageOf(thrown) }),
    );
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
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
      write(toLine({ time: new Date().toISOString(), level: name, message }, fields));
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** Fields that are no JSON are left out. */
function toLine(line: object, fields: object = {}): string {
  try {
    return JSON.stringify({ ...line, ...fields });
  } catch (thrown) {
    return JSON.stringify({ ...line, fieldsLeftOut: messageOf(thrown) });
  }
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
