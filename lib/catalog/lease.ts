import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { number, text } from "./fields.ts";

const lease = z.looseObject({ resource: text, holder: text, fence: number });

/** `lease.acquired`: a holder acquired the lease of a resource. */
export const leaseAcquired = defineEvent("lease.acquired", {
  description: "A holder acquired the lease of a resource.",
  data: lease,
});

/** `lease.released`: a holder released the lease of a resource. */
export const leaseReleased = defineEvent("lease.released", {
  description: "A holder released the lease of a resource.",
  data: lease,
});

/** `lease.lost`: a holder lost the lease of a resource. */
export const leaseLost = defineEvent("lease.lost", {
  description: "A holder lost the lease of a resource.",
  data: lease,
});
