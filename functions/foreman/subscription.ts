import { defineSubscription } from "wagglebus";
import { taskCompleted } from "wagglebus/catalog";

export default defineSubscription({
  name: "foreman",
  on: taskCompleted,
  where: { data: { result: { path: [{ exists: true }] } } },
  // So many for the time that history may take; see `notRecordedYet`.
  attempts: 30,
  backoff: { from: "200ms", to: "5s" },
  // One task of a workflow at a time, so that the last one finds them all ended.
  ordered: "metadata.correlationId",
});
