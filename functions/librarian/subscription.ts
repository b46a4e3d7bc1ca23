import { defineSubscription } from "wagglebus";
import { memoryEntityExtracted } from "wagglebus/catalog";

export default defineSubscription({
  name: "librarian",
  on: memoryEntityExtracted,
  attempts: 10,
  backoff: { from: "200ms", to: "5s" },
  // One update at a time: each is counted against the graph that the one before it left.
  concurrency: 1,
});
