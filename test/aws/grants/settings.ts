import { defineSubscription } from "../../../lib/index.ts";

export const busName = "grants";

/** Each has the grant that its name says, and no other. */
export const userNames = ["agent", "reader", "operator", "worker", "stranger"] as const;
export type UserName = (typeof userNames)[number];

/** In IAM. */
export const userName = (name: UserName): string => `waggle-test-${name}`;

/** Handled by a process, not by a function. */
export const polled = defineSubscription({ name: "polled", on: "custom.grants.polled", attempts: 2 });
