import { isRecord } from "../runtime/is-record.ts";

/** A field of an event's data where it is a text that is not empty. */
export function textIn(data: unknown, name: string): string | undefined {
  const value = fieldIn(data, name);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Characters of a name: the id of each message holds those that are open, and has to fit into a header. */
const longestName = 256;

/** A field of an event's data that names something; cut where it is too long for a name. */
export function nameIn(data: unknown, name: string): string | undefined {
  return textIn(data, name)?.slice(0, longestName);
}

/** A field of an event's data. */
export function fieldIn(data: unknown, name: string): unknown {
  return isRecord(data) && Object.hasOwn(data, name) ? data[name] : undefined;
}

/** What a person is asked, in an event's data. */
export function questionIn(data: unknown): string | undefined {
  return textIn(data, "question") ?? textIn(data, "prompt") ?? textIn(data, "action") ?? textIn(data, "reason");
}

/** What an error in an event's data says. */
export function messageIn(data: unknown): string {
  const error = fieldIn(data, "error");
  if (typeof error === "string" && error !== "") return error;
  return textIn(error, "message") ?? textIn(data, "reason") ?? "the execution failed";
}

/** A value as the text of a tool's result. */
export function asText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
