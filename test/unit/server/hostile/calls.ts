import { invalidConfig, notFound } from "./refusals.ts";
import type { Hostile } from "./request.ts";

export const calls: Hostile[] = [
  ...[
    "limit=0",
    "limit=1001",
    "limit=-1",
    "limit=1e3",
    "cursor=%00",
    "since=now",
    "type=",
    "order=random",
    "admin=true",
    "limit=1&limit=2",
    "constructor=1",
  ].map((query): Hostile => ({ name: `history by ${query}`, path: `/v1/events?${query}`, ...invalidConfig })),
  ...Object.entries<[unknown, string?]>({
    nothing: [{}],
    "an empty list": [{ for: { any: [] } }],
    "no events": [{ for: { count: 0, of: ["custom.a"] } }],
    "half an event": [{ for: { count: 0.5, of: ["custom.a"] } }],
    "two forms at once": [{ for: { any: ["custom.a"], all: ["custom.a"] } }],
    "an hour": [{ for: "custom.a", timeout: "1h" }],
    "a negative time": [{ for: "custom.a", timeout: -1 }],
    "a wrong pattern": [{ for: { on: "custom.a", where: { data: { a: [{ regex: "(a+)+$" }] } } } }, "invalid_pattern"],
  }).map(
    ([name, [body, code = "invalid_config"]]): Hostile => ({
      name: `a wait for ${name}`,
      path: "/v1/wait",
      body,
      status: 400,
      code,
    }),
  ),
  { name: "a wait with an unknown field", path: "/v1/wait", body: { for: "custom.a", admin: true }, ...invalidConfig },
  { name: "an event with an id of 2,000 characters", path: `/v1/events/${"a".repeat(2_000)}`, ...invalidConfig },
  { name: "a redrive of nothing", path: "/v1/dead-letters/redrive", body: {}, ...invalidConfig },
  {
    name: "a discard of a misspelt filter",
    path: "/v1/dead-letters/discard",
    body: { where: { subscriptoin: "a" } },
    ...invalidConfig,
  },
  { name: "a replay of nothing", path: "/v1/replays", body: { to: "*" }, ...invalidConfig },
  { name: "a replay to nobody", path: "/v1/replays", body: { select: {}, to: "none" }, ...notFound },
];
