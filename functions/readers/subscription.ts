import { defineSubscription } from "wagglebus";
import { taskAssigned } from "wagglebus/catalog";

export default defineSubscription({
  name: "readers",
  on: taskAssigned,
  where: { data: { agentId: [{ prefix: "reader-" }], input: { path: [{ exists: true }] } } },
  // Enough attempts for the time that history may take; see `notRecordedYet`.
  attempts: 30,
  backoff: { from: "200ms", to: "5s" },
  timeout: "30s",
  concurrency: 10,
});
