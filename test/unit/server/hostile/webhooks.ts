import type { Hostile } from "./request.ts";

const path = "/v1/subscriptions/readers/webhook";
const publicUrl = "https://93.184.215.14/hook";
const invalid = { status: 400, code: "invalid_config" };
const forbidden = { status: 403, code: "forbidden" };
const notFound = { status: 404, code: "not_found" };
const put = { method: "PUT", path };

/** Whoever would have the server send elsewhere than to receivers on the internet, or read what is not theirs. */
const requests: Hostile[] = [
  ...[
    "http://93.184.215.14/hook",
    "https://127.0.0.1/hook",
    "https://127.1/hook",
    "https://0177.0.0.1/hook",
    "https://10.0.0.1:6379/",
    "https://172.16.5.4/",
    "https://192.168.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://100.64.0.1/",
    "https://[::1]/",
    "https://[fd00:ec2::254]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://localhost/",
    "https://user:password@93.184.215.14/",
    `${publicUrl}#fragment`,
    "file:///etc/passwd",
    "javascript:alert(1)",
    "gopher://93.184.215.14/",
    "//93.184.215.14/",
    "hook",
    "",
    `https://93.184.215.14/${"a".repeat(2_048)}`,
  ].map((url): Hostile => ({ name: `to ${url.slice(0, 50)}`, ...put, body: { url }, ...invalid })),
  { name: "without a url", ...put, body: {}, ...invalid },
  { name: "with a url that is a list", ...put, body: { url: [publicUrl] }, ...invalid },
  { name: "with an unknown field", ...put, body: { url: publicUrl, headers: { host: "a" } }, ...invalid },
  { name: "with a secret of one byte", ...put, body: { url: publicUrl, secret: "whsec_YQ==" }, ...invalid },
  { name: "with a secret of another form", ...put, body: { url: publicUrl, secret: "a".repeat(40) }, ...invalid },
  {
    name: "with a secret and a rotation",
    ...put,
    body: { url: publicUrl, secret: `whsec_${"A".repeat(32)}`, rotate: true },
    ...invalid,
  },
  { name: "with an endless overlap", ...put, body: { url: publicUrl, overlap: "365d" }, ...invalid },
  {
    name: "as a form",
    ...put,
    headers: { "content-type": "text/plain" },
    body: "{}",
    status: 415,
    code: "unsupported_media_type",
  },
  { name: "of no subscription", ...put, body: { url: publicUrl }, ...notFound },
  { name: "of no subscription, shown", path, ...notFound },
  { name: "of no subscription, deleted", method: "DELETE", path, ...notFound },
  { name: "by a subscriber", as: "subscriber", ...put, body: { url: publicUrl }, ...forbidden },
  { name: "shown to a subscriber", as: "subscriber", path, ...forbidden },
  { name: "deleted by a publisher", as: "publisher", method: "DELETE", path, ...forbidden },
  { name: "by nobody", as: "nobody", ...put, body: { url: publicUrl }, status: 401, code: "unauthenticated" },
  { name: "by POST", method: "POST", path, body: { url: publicUrl }, status: 405, code: "method_not_allowed" },
];

export const webhooks: Hostile[] = requests.map((request) => ({ ...request, name: `a webhook ${request.name}` }));
