import { defineSubscription } from "wagglebus";
import { memoryEntityExtracted } from "wagglebus/catalog";

export default defineSubscription({
  name: "librarian",
  on: memoryEntityExtracted,
  attempts: 10,
  backoff: { from: "200ms", to: "5s" },
  // Updates do not overlap, because each is compared with the graph after the previous one.
  concurrency: 1,
});
