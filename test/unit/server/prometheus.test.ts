import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as z from "zod";
import { NonRetriableError } from "../../../lib/index.ts";
import { formatMetrics } from "../../../lib/server/prometheus.ts";
import { ManualClock } from "../../../lib/testing/manual-clock.ts";
import { serve } from "./serve.ts";

interface Family {
  readonly help: string;
  readonly type: string;
  readonly samples: { readonly name: string; readonly labels: ReadonlyMap<string, string>; readonly value: number }[];
}

const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/;
const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/gy;

/** Reads the text format 0.0.4 as strictly as its description: a family's HELP, then its TYPE, then its samples, none elsewhere. */
function parseMetrics(text: string): Map<string, Family> {
  expect(text.endsWith("\n")).toBe(true);
  const families = new Map<string, Family>();
  let help: { name: string; text: string } | undefined;
  let current = "";
  for (const line of text.slice(0, -1).split("\n")) {
    const [, kind, name = "", rest = ""] = comment.exec(line) ?? [];
    if (kind === "HELP") {
      expect(families.has(name), `${name} comes twice`).toBe(false);
      help = { name, text: rest };
    } else if (kind === "TYPE") {
      expect(help?.name, line).toBe(name);
      families.set(name, { help: help?.text ?? "", type: rest, samples: [] });
      current = name;
    } else {
      const [, of = "", labels = "", value = ""] = sample.exec(line) ?? [];
      expect(familyOf(of, families), `${line} is outside of its family`).toBe(current);
      families.get(current)?.samples.push({ name: of, labels: parseLabels(labels), value: Number(value) });
      expect(Number(value), line).not.toBeNaN();
    }
  }
  return families;
}

/** The family of a sample: a histogram's have three kinds of names. */
function familyOf(name: string, families: ReadonlyMap<string, Family>): string {
  const [, histogram = ""] = /^(.+)_(?:bucket|sum|count)$/.exec(name) ?? [];
  return families.get(histogram)?.type === "histogram" ? histogram : name;
}

function parseLabels(text: string): Map<string, string> {
  label.lastIndex = 0;
  const found = [...text.matchAll(label)];
  expect(found.map(([whole]) => whole).join("")).toBe(text);
  return new Map(found.map(([, name = "", value = ""]) => [name, value]));
}

/** What a bus reports that has published, handled, retried and given up. */
async function scraped(): Promise<Map<string, Family>> {
  const { bus, get } = await serve();
  await bus.subscribe({ name: "readers", on: "custom.*" }, () => {
    throw new NonRetriableError("no");
  });
  const { id } = await bus.publish({ type: "custom.one", data: {} });
  await bus.settled(id);
  return parseMetrics((await get("/metrics")).text);
}

test("the names follow Prometheus' conventions", async () => {
  const families = await scraped();
  expect(families.size).toBeGreaterThan(10);
  for (const [name, { help, type, samples }] of families) {
    expect(name, name).toMatch(/^waggle(_[a-z0-9]+)+$/);
    expect(help, name).toMatch(/^[A-Z].+\.$/);
    expect(["counter", "gauge", "summary", "histogram"], name).toContain(type);
    // A counter ends with _total and nothing else does; what is measured is in base units.
    expect(name.endsWith("_total"), name).toBe(type === "counter");
    expect(name, name).not.toMatch(
      /_(ms|millis|milliseconds|minutes|hours|kb|mb|percent|count|sum|bucket|gauge|counter)(_|$)/,
    );
    const labels = samples.map(({ labels, name: of }) => JSON.stringify([of, ...[...labels].sort()]));
    expect(new Set(labels).size, name).toBe(labels.length);
    for (const sample of samples) {
      expect(sample.value, name).toBeGreaterThanOrEqual(0);
      expect(sample.labels.has("quantile"), name).toBe(type === "summary");
      expect(sample.labels.has("le"), name).toBe(sample.name === `${name}_bucket`);
      for (const label of sample.labels.keys()) expect(label, name).toMatch(/^(?!__)[a-z_]+$/);
    }
  }
});

test("how long handlers have run is a histogram by subscription, of named ones and of all others", async () => {
  const { bus, clock, get } = await serve({}, { clock: new ManualClock() });
  const manual = z.instanceof(ManualClock).parse(clock);
  await bus.subscribe({ name: "readers", on: "custom.one" }, () => manual.advance("2s"));
  await bus.subscribe({ on: "custom.one" }, () => {});
  await bus.settled((await bus.publish({ type: "custom.one", data: {} })).id);
  const { samples = [], type } = parseMetrics((await get("/metrics")).text).get("waggle_handle_seconds") ?? {};
  expect(type).toBe("histogram");
  const of = (subscription: string) => samples.filter(({ labels }) => labels.get("subscription") === subscription);
  const readers = of("readers");
  const buckets = readers.filter(({ name }) => name.endsWith("_bucket"));
  expect(buckets.map(({ labels }) => labels.get("le"))).toEqual([
    "0.005",
    "0.01",
    "0.025",
    "0.05",
    "0.1",
    "0.25",
    "0.5",
    "1",
    "2.5",
    "5",
    "10",
    "30",
    "60",
    "300",
    "+Inf",
  ]);
  expect(buckets.map(({ value }) => value)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1]);
  expect(readers.filter(({ name }) => !name.endsWith("_bucket")).map(({ name, value }) => [name, value])).toEqual([
    ["waggle_handle_seconds_sum", 2],
    ["waggle_handle_seconds_count", 1],
  ]);
  // One name for what has none of its own, which would never come again.
  expect(of("")).toHaveLength(readers.length);
  expect(samples).toHaveLength(2 * readers.length);
});

test("a label holds any text", () => {
  const labels = { subscription: 'a"b\\c\nd' };
  const text = formatMetrics([{ name: "waggle_x", help: "One.", type: "gauge", samples: [{ labels, value: 1 }] }]);
  const [one] = parseMetrics(text).get("waggle_x")?.samples ?? [];
  expect(one?.labels.get("subscription")).toBe('a\\"b\\\\c\\nd');
});

const dashboard = z.object({
  uid: z.string(),
  templating: z.object({ list: z.array(z.looseObject({ name: z.string() })) }),
  panels: z.array(
    z.object({
      id: z.int(),
      title: z.string(),
      description: z.string().min(1),
      gridPos: z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
      targets: z.array(z.object({ expr: z.string(), legendFormat: z.string() })).min(1),
    }),
  ),
});

test("every query of the Grafana dashboard names metrics, labels and variables that exist", async () => {
  const families = await scraped();
  const file = new URL("../../../docs/grafana/waggle.json", import.meta.url);
  const { panels, templating } = dashboard.parse(JSON.parse(readFileSync(file, "utf8")));
  const variables = new Set(["__rate_interval", ...templating.list.map(({ name }) => name)]);
  for (const { title, targets } of panels) {
    for (const { expr, legendFormat } of targets) {
      const names = expr.match(/\bwaggle_\w+/g) ?? [];
      expect(names.length, title).toBeGreaterThan(0);
      for (const name of names) {
        expect([...families.keys()], title).toContain(familyOf(name, families));
      }
      for (const [, variable = ""] of expr.matchAll(/\$(\w+)/g)) expect(variables, title).toContain(variable);
      // A rate is of a counter, and a counter is nothing without its rate.
      for (const name of names) {
        const type = families.get(familyOf(name, families))?.type ?? "";
        expect(expr.includes(`rate(${name}{`), `${title}: ${name}`).toBe(["counter", "histogram"].includes(type));
      }
      const known = new Set(
        names.flatMap(
          (name) => families.get(familyOf(name, families))?.samples.flatMap(({ labels }) => [...labels.keys()]) ?? [],
        ),
      );
      const used = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g), ...expr.matchAll(/ by \((\w+)\)/g)];
      for (const [, used_label = ""] of used) expect(known, `${title}: ${expr}`).toContain(used_label);
    }
  }
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
});
