import { route } from "../http/route.ts";
import { alertListSchema } from "../schemas/alerts.ts";

export const listAlerts = route({
  method: "GET",
  path: "/v1/alerts",
  summary: "List the alerts that are active",
  description:
    "Those of the last seven days that are raised and not cleared, by whoever watches the bus; the latest first.",
  permission: "subscribe",
  result: alertListSchema,
  handle: async ({ server: { activeAlerts }, access }) => {
    access.checkAllTypes();
    const active = await activeAlerts.list();
    return {
      alerts: active.map(({ id, alert, metric, subject, value, threshold, severity = "warning", atMs, source }) => ({
        ...{ id, alert, metric, subject, value, threshold, severity, source },
        since: new Date(atMs).toISOString(),
      })),
    };
  },
});
