import type { Hostile } from "./request.ts";

const path = "/v1/flows/f/ag-ui";
const invalid = { status: 400, code: "invalid_config" };
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const state = {
  messages: [],
  run: null,
  pause: { kind: "before", runId: null, executionId: null },
  loops: [],
  calls: [],
};
const point = { last: null, delta: null, part: 0, state };

/** Places that no server gave, and who may not see a flow. */
export const agUi: Hostile[] = [
  { name: "no token, follows a flow", as: "nobody", path, status: 401, code: "unauthenticated" },
  { name: "a publisher follows a flow", as: "publisher", path, status: 403, code: "forbidden" },
  { name: "a subscriber to some types follows a flow", as: "subscriber", path, status: 403, code: "forbidden" },
  { name: "a flow is posted to", path, body: {}, status: 405, code: "method_not_allowed" },
  { name: "a correlation id that is too long", path: `/v1/flows/${"f".repeat(129)}/ag-ui`, ...invalid },
  { name: "an unknown parameter", path: `${path}?until=end`, ...invalid },
  { name: "follow is neither yes nor no", path: `${path}?follow=maybe`, ...invalid },
  ...Object.entries({
    "no JSON": "AAAA",
    "a number": encoded(1),
    "a list": encoded([]),
    "nothing of it": encoded({}),
    "an unknown field": encoded({ ...point, admin: true }),
    "a part below zero": encoded({ ...point, part: -1 }),
    "a part that is no number": encoded({ ...point, part: "1" }),
    "an event's id that is too long": encoded({ ...point, last: "x".repeat(129) }),
    "messages that are none": encoded({ ...point, state: { ...state, messages: [1] } }),
    "a prototype": encoded(JSON.parse(JSON.stringify(point).replace('"last"', '"__proto__":{},"last"'))),
  }).map(
    ([name, id]): Hostile => ({ name: `Last-Event-ID is ${name}`, path, headers: { "last-event-id": id }, ...invalid }),
  ),
  {
    name: "Last-Event-ID is of an event that is not there",
    path,
    headers: { "last-event-id": encoded({ ...point, last: "missing" }) },
    status: 404,
    code: "not_found",
  },
];
