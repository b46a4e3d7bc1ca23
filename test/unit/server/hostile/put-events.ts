import type { Hostile } from "./request.ts";

const target = { "x-amz-target": "AWSEvents.PutEvents" };
const headers = { ...target, "content-type": "application/x-amz-json-1.1" };
const entry = { Source: "agent-7", DetailType: "custom.a.b", Detail: "{}" };
const body = { Entries: [entry] };
const signed = (keyId: string, token?: string) => ({
  ...headers,
  authorization: `AWS4-HMAC-SHA256 Credential=${keyId}/20260131/us-east-1/events/aws4_request, SignedHeaders=host, Signature=00`,
  ...(token === undefined ? {} : { "x-amz-security-token": token }),
});
const unknown = { status: 403, code: "UnrecognizedClientException" };
const serialization = { status: 400, code: "SerializationException" };
const validation = { status: 400, code: "ValidationException" };
const operation = { status: 404, code: "UnknownOperationException" };
const token = `wgl_000000000000_${"A".repeat(43)}`;

/** What an AWS SDK would not send, and who may not. */
const requests: Hostile[] = [
  { name: "no credentials", as: "nobody", headers, body, ...unknown },
  { name: "keys of AWS", as: "nobody", headers: signed("AKIAIOSFODNN7EXAMPLE"), body, ...unknown },
  {
    name: "keys of AWS with a session",
    as: "nobody",
    headers: signed("ASIAIOSFODNN7EXAMPLE", "FwoGZ"),
    body,
    ...unknown,
  },
  { name: "a token's id without the token", as: "nobody", headers: signed("000000000000"), body, ...unknown },
  { name: "a made-up token", as: "nobody", headers: signed("000000000000", token), body, ...unknown },
  { name: "a token under another id", as: "nobody", headers: signed("111111111111", token), body, ...unknown },
  {
    name: "a signature without credentials",
    as: "nobody",
    headers: { ...headers, authorization: "AWS4-HMAC-SHA256 Signature=00" },
    body,
    ...unknown,
  },
  { name: "a made-up token, on loopback", headers: signed("000000000000", token), body, ...unknown },
  { name: "a subscriber puts", as: "subscriber", headers, body, status: 403, code: "AccessDeniedException" },
  {
    name: "a page of another origin puts",
    headers: { ...headers, origin: "https://evil.example" },
    body,
    status: 403,
    code: "AccessDeniedException",
  },
  { name: "another operation", headers: { ...headers, "x-amz-target": "AWSEvents.DeleteRule" }, body, ...operation },
  {
    name: "an operation of another service",
    headers: { ...headers, "x-amz-target": "DynamoDB_20120810.PutItem" },
    body,
    ...operation,
  },
  {
    name: "no operation",
    path: "/",
    headers: { "content-type": "application/x-amz-json-1.1" },
    body,
    status: 404,
    code: "not_found",
  },
  {
    name: "a form",
    headers: { ...target, "content-type": "application/x-www-form-urlencoded" },
    body,
    status: 415,
    code: "SerializationException",
  },
  { name: "what is no JSON", headers, body: '{"Entries":[', ...serialization },
  { name: "a list", headers, body: [entry], ...serialization },
  { name: "no entries", headers, body: {}, ...serialization },
  { name: "entries that are an object", headers, body: { Entries: entry }, ...serialization },
  { name: "an entry that is a text", headers, body: { Entries: ["a"] }, ...serialization },
  { name: "a time that is a text", headers, body: { Entries: [{ ...entry, Time: "now" }] }, ...serialization },
  { name: "a Detail that is an object", headers, body: { Entries: [{ ...entry, Detail: {} }] }, ...serialization },
  { name: "an empty list", headers, body: { Entries: [] }, ...validation },
  { name: "eleven entries", headers, body: { Entries: Array(11).fill(entry) }, ...validation },
  {
    name: "more than the server takes",
    headers,
    body: { Entries: [{ ...entry, Detail: "x".repeat(70_000) }] },
    status: 413,
    code: "ValidationException",
  },
];

export const putEvents: Hostile[] = requests.map((request) => ({ ...request, name: `PutEvents: ${request.name}` }));
