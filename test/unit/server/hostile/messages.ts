import { malformed, notAllowed, notFound } from "./refusals.ts";
import type { Hostile } from "./request.ts";

export const methods: Hostile[] = [
  ...[
    ["PUT", "/v1/events"],
    ["DELETE", "/v1/events"],
    ["PATCH", "/v1/events/a"],
    ["DELETE", "/v1/events/a"],
    ["POST", "/v1/stats"],
    ["GET", "/v1/wait"],
    ["GET", "/v1/replays"],
    ["DELETE", "/v1/dead-letters"],
    ["POST", "/healthz"],
    ["POST", "/openapi.json"],
    ["PUT", "/"],
  ].map(([method = "", path = ""]): Hostile => ({ name: `${method} ${path}`, method, path, ...notAllowed })),
  { name: "TRACE", raw: "TRACE /v1/events HTTP/1.1\r\nhost: HOST\r\n\r\n", ...notAllowed },
];

export const paths: Hostile[] = [
  ...[
    "/v1",
    "/v2/events",
    "/admin",
    "/.env",
    "/v1/events/a/b",
    "/V1/events",
    "/v1//events",
    "/v1/events/",
    "/v1/subscriptions/../../etc/passwd",
  ].map((path): Hostile => ({ name: path, raw: `GET ${path} HTTP/1.1\r\nhost: HOST\r\n\r\n`, ...notFound })),
  ...[
    "/v1/events/..%2f..%2fetc%2fpasswd",
    "/v1/events/%00",
    "/v1/events/%E0%A4%A",
    "/v1/events/%ff",
    "/v1/events/__proto__",
  ].map(
    (path): Hostile => ({ name: path.slice(0, 60), raw: `GET ${path} HTTP/1.1\r\nhost: HOST\r\n\r\n`, ...notFound }),
  ),
];

export const messages: Hostile[] = [
  { name: "what is no HTTP", raw: "hello\r\n\r\n", ...malformed },
  { name: "TLS", raw: "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", ...malformed },
  { name: "HTTP/2", raw: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ...malformed },
  { name: "a method in lower case", raw: "get /healthz HTTP/1.1\r\nhost: HOST\r\n\r\n", ...malformed },
  { name: "NUL in a header", raw: "GET /healthz HTTP/1.1\r\nhost: HOST\r\nx-a: a\0b\r\n\r\n", ...malformed },
  {
    name: "a line break in a header's name",
    raw: "GET /healthz HTTP/1.1\r\nhost: HOST\r\nx-a\r\n: b\r\n\r\n",
    ...malformed,
  },
  {
    name: "a space before a colon",
    raw: "GET /healthz HTTP/1.1\r\nhost: HOST\r\ncontent-length : 1\r\n\r\n",
    ...malformed,
  },
  { name: "a bare line feed", raw: "GET /healthz HTTP/1.1\nhost: HOST\nx: \rx\n\n", ...malformed },
  {
    name: "a negative length",
    raw: "POST /v1/events HTTP/1.1\r\nhost: HOST\r\ncontent-length: -1\r\n\r\n",
    ...malformed,
  },
  {
    name: "two lengths",
    raw: "POST /v1/events HTTP/1.1\r\nhost: HOST\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}",
    ...malformed,
  },
  {
    name: "a length and chunks",
    raw: "POST /v1/events HTTP/1.1\r\nhost: HOST\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ...malformed,
  },
  {
    name: "chunks that are none",
    raw: "POST /v1/events HTTP/1.1\r\nhost: HOST\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ...malformed,
  },
  {
    name: "headers of 20,000 bytes",
    raw: `GET /healthz HTTP/1.1\r\nhost: HOST\r\nx-a: ${"a".repeat(20_000)}\r\n\r\n`,
    status: 431,
    code: "request_too_large",
  },
  {
    name: "a path of 20,000 bytes",
    raw: `GET /${"a".repeat(20_000)} HTTP/1.1\r\nhost: HOST\r\n\r\n`,
    status: 431,
    code: "request_too_large",
  },
  {
    name: "headers that never end",
    raw: "GET /healthz HTTP/1.1\r\nhost: HOST\r\nx-a: a",
    neverEnds: true,
    status: 408,
    code: "timeout",
  },
  {
    name: "a body that never ends",
    raw: 'POST /v1/events HTTP/1.1\r\nhost: HOST\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"type"',
    neverEnds: true,
    status: 408,
    code: "timeout",
  },
];
