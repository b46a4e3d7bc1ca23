import { draft, forbidden, json, malformed, misdirected } from "./refusals.ts";
import type { Hostile } from "./request.ts";

export const hosts: Hostile[] = [
  ...["evil.example", "evil.example:4600", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example."].map(
    (host): Hostile => ({
      name: `host ${host}`,
      raw: `GET /v1/events HTTP/1.1\r\nhost: ${host}\r\n\r\n`,
      ...misdirected,
    }),
  ),
  ...["", "localhost/evil", "[::1", "a b", "user@localhost", "localhost:99999999"].map(
    (host): Hostile => ({
      name: `host ${host}, which is none`,
      raw: `GET /v1/events HTTP/1.1\r\nhost: ${host}\r\n\r\n`,
      ...malformed,
    }),
  ),
  { name: "no host", raw: "GET /v1/events HTTP/1.1\r\n\r\n", status: 400, code: "" },
  {
    name: "another host in the request line",
    raw: "GET http://evil.example/v1/events HTTP/1.1\r\nhost: evil.example\r\n\r\n",
    ...misdirected,
  },
];

export const origins: Hostile[] = [
  ...[
    "https://evil.example",
    "null",
    "http://localhost.evil.example",
    "http://127.0.0.1:1",
    "https://127.0.0.1",
    "http://localhost:3000",
    "file://",
    "chrome-extension://abc",
  ].map(
    (origin): Hostile => ({ name: `a page of ${origin} reads`, path: "/v1/events", headers: { origin }, ...forbidden }),
  ),
  {
    name: "a page of another origin publishes",
    path: "/v1/events",
    headers: { origin: "https://evil.example", ...json },
    body: draft,
    ...forbidden,
  },
  {
    name: "a page of another origin asks first",
    method: "OPTIONS",
    path: "/v1/events",
    headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
    ...forbidden,
  },
  {
    name: "a page of another site, without its origin",
    path: "/v1/events",
    headers: { "sec-fetch-site": "cross-site" },
    ...forbidden,
  },
  {
    name: "a page of the same site, without its origin",
    path: "/v1/events",
    headers: { "sec-fetch-site": "same-site" },
    ...forbidden,
  },
];
