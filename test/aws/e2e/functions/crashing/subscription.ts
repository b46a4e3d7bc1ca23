import { defineSubscription } from "wagglebus";

export default defineSubscription({ name: "crashing", on: "custom.e2e.crash", attempts: 3, timeout: "1s" });
