import { generator, type Workload } from "./workload.ts";

/** A class of rules: all rules of a workload are of one kind. */
interface RuleClass {
  readonly name: string;
  readonly rule: (number: number, rules: number) => unknown;
  /** What an event has so that it matches some of them. */
  readonly event: (random: (below: number) => number, rules: number) => Readonly<Record<string, unknown>>;
}

const kinds = ["document", "code", "table", "mail", "image"];

/** The first three bytes of the addresses in a block. */
const network = (number: number) => `${10 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`;

/** One class for each operator. Types do not grow with the rules unless they are what the rules differ in. */
export const classes: readonly RuleClass[] = [
  {
    name: "exact",
    rule: (number) => ({ data: { key: [`key-${number}`] } }),
    event: (random, rules) => ({ key: `key-${random(rules)}` }),
  },
  {
    name: "prefix",
    rule: (number) => ({ data: { key: [{ prefix: `key-${number}-` }] } }),
    event: (random, rules) => ({ key: `key-${random(rules)}-${random(100)}` }),
  },
  {
    name: "suffix",
    rule: (number) => ({ data: { key: [{ suffix: `-${number}.md` }] } }),
    event: (random, rules) => ({ key: `inbox/report-${random(rules)}.md` }),
  },
  {
    name: "wildcard",
    rule: (number) => ({ data: { key: [{ wildcard: `*/team-${number}/*.md` }] } }),
    event: (random, rules) => ({ key: `inbox/team-${random(rules)}/report-${random(100)}.md` }),
  },
  {
    name: "numeric range",
    rule: (number) => ({
      type: ["task.completed"],
      data: { size: [{ numeric: [">=", number * 10, "<", number * 10 + 15] }] },
    }),
    event: (random, rules) => ({ size: random(rules * 10) }),
  },
  {
    name: "anything-but",
    rule: (number) => ({ data: { key: [`key-${number % 500}`], kind: [{ "anything-but": [kinds[number % 5]] }] } }),
    event: (random) => ({ key: `key-${random(500)}`, kind: kinds[random(5)] }),
  },
  {
    name: "exists",
    rule: (number) => ({ type: ["task.completed"], data: { [`field-${number}`]: [{ exists: true }] } }),
    event: (random, rules) => ({ [`field-${random(rules)}`]: true, [`field-${random(rules)}`]: "x" }),
  },
  {
    name: "cidr",
    rule: (number) => ({ data: { address: [{ cidr: `${network(number)}.0/24` }] } }),
    event: (random, rules) => ({ address: `${network(random(rules))}.${random(256)}` }),
  },
  {
    name: "$or",
    rule: (number) => ({
      $or: [{ data: { key: [`key-${number}`] } }, { data: { kind: ["mail"], owner: [`owner-${number}`] } }],
    }),
    event: (random, rules) => ({ key: `key-${random(rules)}`, kind: "mail", owner: `owner-${random(rules)}` }),
  },
  {
    name: "equal",
    rule: (number) => ({ type: ["task.completed"], data: { kind: [kinds[number % 5]] } }),
    event: (random) => ({ kind: kinds[random(5)] }),
  },
];

/** Rules of several classes in turn. */
function mix(name: string, parts: readonly RuleClass[]): RuleClass {
  return {
    name,
    rule: (number, rules) => parts[number % parts.length]?.rule(number, rules),
    event: (random, rules) => Object.assign({}, ...parts.map(({ event }) => event(random, rules))),
  };
}

const mixed = mix("mixed", classes);
/** AWS's engine cannot compile as many wildcards as a tenth of 100,000 rules. */
const mixedWithoutWildcards = mix(
  "mixed, no wildcard",
  classes.filter(({ name }) => name !== "wildcard"),
);

/** A class with a number of rules; `load` makes them. */
export interface ClassWorkload {
  readonly name: string;
  readonly rules: number;
  readonly load: () => Workload;
}

/** The workloads of all classes, each with this many rules; of 100,000 only the mixed ones. */
export function classWorkloads(rules: number): ClassWorkload[] {
  const mixes = [mixed, mixedWithoutWildcards];
  const chosen = rules >= 100_000 ? mixes : [...classes, mixed];
  return chosen.map((one) => ({ name: one.name, rules, load: () => workloadOf(one, rules) }));
}

function workloadOf({ rule, event }: RuleClass, rules: number): Workload {
  const random = generator(7);
  const below = (limit: number) => Math.floor(random() * limit);
  const events = Array.from({ length: 1_000 }, (_, number) =>
    JSON.stringify({
      id: `0192f0c4-7a00-7000-8000-${String(number).padStart(12, "0")}`,
      type: "task.completed",
      source: "crew",
      time: "2026-11-20T09:30:00.000Z",
      data: {
        taskId: `task-${number}`,
        title: "Read the quarterly report and list every figure that changed",
        instruction: "Compare with the report of the quarter before; name the page of each figure; keep it short.",
        input: { path: `inbox/report-${number}.md`, pages: [1, 2, 3, 5, 8], language: "en" },
        ...event(below, rules),
      },
      metadata: { version: 1, agentId: `agent-${below(100)}`, priority: 1 + below(10), tags: ["report", "finance"] },
    }),
  );
  const numbered = Array.from({ length: rules }, (_, number) => [`rule-${number}`, rule(number, rules)] as const);
  return { rules: Object.fromEntries(numbered), events };
}
