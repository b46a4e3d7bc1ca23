import { defineSubscription } from "wagglebus";

export default defineSubscription({ name: "responder", on: "custom.e2e.asked", attempts: 3 });
