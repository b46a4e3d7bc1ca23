import { defineSubscription } from "wagglebus";
import { taskAssigned } from "wagglebus/catalog";

export default defineSubscription({
  name: "readers",
  on: taskAssigned,
  where: { data: { agentId: [{ prefix: "reader-" }], input: { path: [{ exists: true }] } } },
  attempts: 10,
  backoff: { from: "200ms", to: "5s" },
  timeout: "30s",
  concurrency: 10,
});
