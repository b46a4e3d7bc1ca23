import { BusError } from "../../error/bus-error.ts";
import { describeIssues } from "../issues.ts";
import { parseJson } from "../parse-json.ts";
import { attributeName, coreAttributes, fieldOf, tagPrefix } from "./attributes.ts";
import { type CloudEvent, cloudEventSchema } from "./schema.ts";

/** The draft of a CloudEvent in JSON. Throws `invalid_event`. */
export function fromStructured(given: unknown): unknown {
  const parsed = cloudEventSchema.safeParse(given);
  if (!parsed.success) {
    const [first] = describeIssues(parsed.error, given, "");
    throw invalid(`${first?.path ?? ""} ${first?.problem}`.trim(), first?.path);
  }
  const { data, data_base64: base64 } = parsed.data;
  if (base64 === undefined) return toDraft(parsed.data, data);
  if (data !== undefined) throw invalid("it has data and data_base64; send one of them", "data_base64");
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) throw invalid("data_base64 is not base64", "data_base64");
  const text = Buffer.from(base64, "base64").toString("utf8");
  return toDraft(parsed.data, dataOf(parsed.data.datacontenttype ?? "application/json", text));
}

/** The draft of a CloudEvent in binary mode: its attributes, the media type and the text of its data. Throws `invalid_event`. */
export function fromAttributes(
  attributes: Iterable<readonly [name: string, value: string]>,
  mediaType: string,
  body: string,
): unknown {
  return fromStructured({
    ...Object.fromEntries(attributes),
    ...(mediaType === "" ? {} : { datacontenttype: mediaType }),
    ...(body === "" ? {} : { data: dataOf(mediaType, body) }),
  });
}

function dataOf(mediaType: string, text: string): unknown {
  const type = mediaType.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (type === "application/json" || type.endsWith("+json")) return parseJson(text, "the data", "invalid_event");
  throw invalid(
    `its data is ${type === "" ? "of no media type" : type}, and a bus carries JSON; send application/json`,
    "datacontenttype",
  );
}

function toDraft(event: CloudEvent, data: unknown): Record<string, unknown> {
  const { type, source, id, time, subject } = event;
  const metadata: Record<string, unknown> = {};
  const tags = subject === undefined ? [] : [`${tagPrefix}subject:${subject}`];
  for (const [name, value] of Object.entries(event)) {
    if (coreAttributes.has(name) && name !== "dataschema") continue;
    if (!attributeName.test(name))
      throw invalid(`the attribute ${JSON.stringify(name.slice(0, 60))} is not named in a-z and 0-9`);
    if (value === undefined || value === null) continue;
    const field = fieldOf.get(name);
    if (name === "tags" && isTagList(value)) tags.push(...value.split(","));
    else if (field === undefined) tags.push(`${tagPrefix}${name}:${textOf(name, value)}`);
    else metadata[field] = numbers.has(field) ? numberOf(value) : value;
  }
  return {
    type,
    source,
    id,
    data: data ?? {},
    ...(time === undefined ? {} : { time }),
    metadata: { ...metadata, ...(tags.length === 0 ? {} : { tags }) },
  };
}

/** Fields of metadata that are numbers, though binary mode has texts only. */
const numbers: ReadonlySet<string> = new Set(["priority", "version", "hops"]);

/** Whether it is what `toCloudEvent` makes of tags. */
function isTagList(value: unknown): value is string {
  return typeof value === "string" && value.split(",").every((tag) => tag !== "" && !tag.startsWith(tagPrefix));
}

function numberOf(value: unknown): unknown {
  return typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
}

function textOf(name: string, value: unknown): string {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return String(value);
  throw invalid(`the attribute ${name} must be a text, a number or a boolean`, name);
}

function invalid(problem: string, path?: string): BusError {
  return new BusError("invalid_event", `the CloudEvent cannot be published: ${problem}`, {
    details: path === undefined ? {} : { path },
  });
}
