import { systemPerformanceAlert } from "../../catalog/system.ts";

/** The subscription of a way out: to what rules raise and clear. */
export function alertSubscription(name: string) {
  return {
    name: `alert-${name}`,
    on: systemPerformanceAlert.type,
    where: { data: { alert: [{ exists: true }] } },
  } as const;
}
