import { metricDimensions, metricsNamespace } from "../aws-shared/index.ts";

/** How often something happened, or what was measured, by the metric's name. */
export type Measured = Readonly<Record<string, number | readonly number[]>>;

/** What a metric belongs to. */
export interface MetricOwner {
  readonly bus: string;
  readonly subscription?: string;
  readonly outbox?: string;
  /** The rule of an alert. */
  readonly alert?: string;
}

/** CloudWatch takes this many values of one metric from a line. */
const maxValues = 100;

/**
 * One line of CloudWatch's embedded metric format; undefined where nothing happened. Written by hand: the library for it
 * costs a function 2 to 3 ms of its start (`npm run bench -- lambda`), and this is all of it that is used.
 */
export function metricsLine(owner: MetricOwner, counts: Measured, atMs: number, unit = "Count"): string | undefined {
  const happened = Object.entries(counts).flatMap(([name, value]) => {
    const kept = typeof value === "number" ? value : value.slice(0, maxValues);
    return kept === 0 || (typeof kept !== "number" && kept.length === 0) ? [] : [[name, kept] as const];
  });
  if (happened.length === 0) return undefined;
  const dimensions = {
    [metricDimensions.bus]: owner.bus,
    ...(owner.subscription === undefined ? {} : { [metricDimensions.subscription]: owner.subscription }),
    ...(owner.outbox === undefined ? {} : { [metricDimensions.outbox]: owner.outbox }),
    ...(owner.alert === undefined ? {} : { [metricDimensions.alert]: owner.alert }),
  };
  return JSON.stringify({
    _aws: {
      Timestamp: atMs,
      CloudWatchMetrics: [
        {
          Namespace: metricsNamespace,
          Dimensions: [Object.keys(dimensions)],
          Metrics: happened.map(([name]) => ({ Name: name, Unit: unit })),
        },
      ],
    },
    ...dimensions,
    ...Object.fromEntries(happened),
  });
}
