import { defineSubscription } from "wagglebus";
import { taskCompleted } from "wagglebus/catalog";

export default defineSubscription({
  name: "foreman",
  on: taskCompleted,
  where: { data: { result: { path: [{ exists: true }] } } },
  // Enough attempts for the time that history may take; see `notRecordedYet`.
  attempts: 30,
  backoff: { from: "200ms", to: "5s" },
  // The tasks of a workflow are handled one at a time, so that the last one finds all of them ended.
  ordered: "metadata.correlationId",
});
