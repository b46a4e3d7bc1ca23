import * as z from "zod";
import { standardCatalog } from "../../catalog/index.ts";
import { defineEvent } from "../../event/index.ts";

/** A type that is in its third version. */
export const versioned = defineEvent("custom.contract.versioned", {
  version: 3,
  description: "A document was read.",
  data: z.looseObject({ heading: z.string(), pages: z.number() }),
  older: [
    {
      version: 1,
      data: z.looseObject({ title: z.string() }),
      upcast: ({ title, ...rest }) => ({ ...rest, title, pages: 0 }),
    },
    {
      version: 2,
      data: z.looseObject({ title: z.string(), pages: z.number() }),
      upcast: ({ title, ...rest }) => ({ ...rest, heading: title }),
    },
  ],
});

/** Of who knows it. */
export const catalog = standardCatalog.extend([versioned]);
