import * as z from "zod";
import type { Alert } from "../../alerts/index.ts";
import { type BusMetrics, handlingBoundsMs } from "../../runtime/metrics.ts";
import { route } from "../http/route.ts";
import { formatMetrics, type Metric } from "../prometheus.ts";

/** The media type of Prometheus' text format. */
const textFormat = "text/plain; version=0.0.4; charset=utf-8";

export const metrics = route({
  method: "GET",
  path: "/metrics",
  summary: "Counts and depths for Prometheus",
  description: "Counts are of this process since it started; depths are of the whole bus, by subscription.",
  permission: "subscribe",
  result: z.string(),
  produces: "text/plain",
  handle: async ({ server: { served, alerts, spans }, access }) => {
    access.checkAllTypes();
    const [counts, states] = await Promise.all([served.bus.metrics(), served.bus.subscriptions.list()]);
    const bySubscription = (read: (state: (typeof states)[number]) => number) =>
      states
        .filter(({ ephemeral }) => !ephemeral)
        .map((state) => ({ labels: { subscription: state.record.name }, value: read(state) }));
    const counters = {
      published: "Events published.",
      delivered: "Attempts that succeeded.",
      failed: "Attempts that failed.",
      retried: "Failed attempts that are retried.",
      deadLettered: "Deliveries that became dead letters.",
      expired: "Deliveries that had expired.",
      duplicates: "Publishes of an id that was stored already.",
    } as const;
    const all: Metric[] = [
      ...Object.entries(counters).map(
        ([name, help]): Metric => ({
          name: `waggle_${snake(name)}_total`,
          help,
          type: "counter",
          samples: [{ value: counts[name as keyof typeof counters] }],
        }),
      ),
      {
        name: "waggle_otlp_spans_total",
        help: "Spans taken at /v1/traces, by what became of them.",
        type: "counter",
        samples: Object.entries(spans).map(([outcome, value]) => ({ labels: { outcome }, value })),
      },
      {
        name: "waggle_running",
        help: "Deliveries in hand in this process.",
        type: "gauge",
        samples: [{ value: counts.running }],
      },
      {
        name: "waggle_waiting",
        help: "Deliveries that wait for a consumer.",
        type: "gauge",
        samples: bySubscription(({ waiting }) => waiting),
      },
      {
        name: "waggle_delayed",
        help: "Deliveries that wait for a time.",
        type: "gauge",
        samples: bySubscription(({ delayed }) => delayed),
      },
      {
        name: "waggle_paused",
        help: "Whether the subscription is paused for all processes, 1 or 0.",
        type: "gauge",
        samples: bySubscription(({ paused }) => (paused === true ? 1 : 0)),
      },
      {
        name: "waggle_dead_letters",
        help: "Dead letters.",
        type: "gauge",
        samples: bySubscription(({ deadLetters }) => deadLetters),
      },
      {
        name: "waggle_oldest_age_seconds",
        help: "Time since the oldest delivery that has not ended was accepted.",
        type: "gauge",
        samples: bySubscription(({ oldestAgeMs }) => oldestAgeMs / 1_000),
      },
      ...(alerts === undefined ? [] : [activeAlerts(alerts.active())]),
      handlingTimes(counts.handling),
      {
        name: "waggle_publish_seconds",
        help: "Time from a publish to its end, of the last 1,024.",
        type: "summary",
        samples: Object.entries({
          "0.5": counts.publishMs.p50,
          "0.95": counts.publishMs.p95,
          "0.99": counts.publishMs.p99,
        }).map(([quantile, ms]) => ({ labels: { quantile }, value: ms / 1_000 })),
      },
    ];
    return new Response(formatMetrics(all), { headers: { "content-type": textFormat, "cache-control": "no-store" } });
  },
});

/** The runs of this process's handlers by subscription: of 200 names at most, as the bus counts them. */
function handlingTimes(handling: BusMetrics["handling"]): Metric {
  return {
    name: "waggle_handle_seconds",
    help: "Time that handlers of this process have run, failed runs included.",
    type: "histogram",
    samples: Object.entries(handling).flatMap(([subscription, { atMost, count, sumMs }]) => {
      const buckets = atMost.map((value, index) => ({ le: String((handlingBoundsMs[index] ?? 0) / 1_000), value }));
      return [
        ...[...buckets, { le: "+Inf", value: count }].map(({ le, value }) => {
          return { suffix: "_bucket", labels: { subscription, le }, value };
        }),
        { suffix: "_sum", labels: { subscription }, value: sumMs / 1_000 },
        { suffix: "_count", labels: { subscription }, value: count },
      ];
    }),
  };
}

/** One value for each rule with an active alert: subjects are without number. */
function activeAlerts(active: readonly Alert[]): Metric {
  const byRule = Map.groupBy(active, ({ alert, severity = "" }) => JSON.stringify({ alert, severity }));
  return {
    name: "waggle_alerts_active",
    help: "Alerts that are raised and not cleared.",
    type: "gauge",
    samples: [...byRule.values()].map((alerts) => ({
      labels: { alert: alerts[0]?.alert ?? "", severity: alerts[0]?.severity ?? "" },
      value: alerts.length,
    })),
  };
}

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
