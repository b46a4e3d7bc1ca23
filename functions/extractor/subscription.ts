import { defineSubscription } from "wagglebus";
import { memoryCreated } from "wagglebus/catalog";

export default defineSubscription({
  name: "extractor",
  on: memoryCreated,
  where: { data: { content: [{ exists: true }] } },
  attempts: 10,
  backoff: { from: "200ms", to: "5s" },
  concurrency: 10,
});
