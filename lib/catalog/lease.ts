import * as z from "zod";
import { defineEvent } from "../event/definition.ts";
import { number, optionalFlag, optionalNumber, optionalText, text } from "./fields.ts";

const lease = z.looseObject({ resource: text, holder: text, fence: number, leaseId: optionalText });

/** `lease.requested`: the lease of a resource was asked for; it is granted where nobody holds it, or in turn where `waits`. */
export const leaseRequested = defineEvent("lease.requested", {
  description: "The lease of a resource was asked for; it is granted where nobody holds it, or in turn where `waits`.",
  data: z.looseObject({ resource: text, holder: text, leaseId: text, ttlMs: number, waits: optionalFlag }),
});

/** `lease.acquired`: a holder acquired the lease of a resource. */
export const leaseAcquired = defineEvent("lease.acquired", {
  description: "A holder acquired the lease of a resource.",
  data: lease,
});

/** `lease.renewed`: a holder renewed the lease of a resource. */
export const leaseRenewed = defineEvent("lease.renewed", {
  description: "A holder renewed the lease of a resource.",
  data: lease,
});

/** `lease.released`: a holder released the lease of a resource. */
export const leaseReleased = defineEvent("lease.released", {
  description: "A holder released the lease of a resource.",
  data: lease,
});

/** `lease.lost`: a holder lost the lease of a resource, which it has not renewed since the `renewals` given. */
export const leaseLost = defineEvent("lease.lost", {
  description: "A holder lost the lease of a resource, which it has not renewed since the `renewals` given.",
  data: z.looseObject({ ...lease.shape, renewals: optionalNumber }),
});
