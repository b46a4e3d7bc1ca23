import { defineSubscription } from "wagglebus";
import { workflowStarted } from "wagglebus/catalog";

export default defineSubscription({
  name: "planner",
  on: workflowStarted,
  where: { data: { name: ["read-documents"] } },
  attempts: 10,
  backoff: { from: "200ms", to: "5s" },
});
