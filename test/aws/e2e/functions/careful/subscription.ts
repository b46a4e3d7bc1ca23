import { defineSubscription } from "wagglebus";

export default defineSubscription({
  name: "careful",
  on: "custom.e2e.ordered",
  attempts: 3,
  backoff: { from: "1s", to: "1s" },
});
