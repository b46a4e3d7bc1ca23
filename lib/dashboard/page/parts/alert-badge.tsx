import { plural } from "../format.ts";
import { alertsPath, readAlerts } from "../state/alerts.ts";
import { useAnswer } from "../state/hooks.ts";
import { urlOf } from "../state/places.ts";

const refreshMs = 10_000;

/** How many alerts are active, on every view; nothing where there is none. */
export function AlertBadge() {
  const { value, error } = useAnswer(alertsPath, readAlerts, { everyMs: refreshMs });
  if (error !== undefined || value === undefined || value.length === 0) return null;
  const isCritical = value.some(({ severity }) => severity === "critical");
  return (
    <a class={`badge ${isCritical ? "critical" : ""}`} href={urlOf("/alerts")}>
      <span aria-hidden="true">▲ </span>
      {plural(value.length, "alert")}
    </a>
  );
}
