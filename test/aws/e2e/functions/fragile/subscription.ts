import { defineSubscription } from "wagglebus";

export default defineSubscription({
  name: "fragile",
  on: ["custom.e2e.broken", "task.failed"],
  attempts: 2,
  backoff: { from: "1s", to: "1s" },
});
