import { BusError } from "../../../error/bus-error.ts";
import { shortForm } from "../../../error/short-form.ts";
import type { Catalog } from "../../../event/catalog.ts";
import type { TopicSettings } from "../settings.ts";

const legal = /^[a-zA-Z0-9._-]{1,200}$/;

/** Which topics the bus has. */
export interface TopicNames {
  /** Those that events lie in. */
  readonly events: readonly string[];
  /** The one that dead letters are copied to. */
  readonly deadLetters: string;
  /** The group that writes events to the store. */
  readonly recorders: string;
  /** The group that says how far a subscription has come. */
  groupOf(subscription: string): string;
  /** The topic of an event. `invalid_config` for a domain that the bus does not have. */
  topicOf(type: string): string;
}

/** The topics of a bus. `invalid_config` for a name that Kafka does not take. */
export function topicNames(
  { bus, domains, topics }: Pick<TopicSettings, "bus" | "domains" | "topics">,
  catalog: Catalog,
): TopicNames {
  const shared = {
    deadLetters: `${bus}.dead-letters`,
    recorders: `waggle.${bus}`,
    groupOf: (subscription: string) => `waggle.${bus}.${subscription}`,
  };
  checkName(bus, "bus");
  if (topics === "bus") return { ...shared, events: [bus], topicOf: () => bus };
  const known = new Set([...catalog.types().map(domainOf), "custom", ...domains]);
  for (const domain of known) checkName(domain, "domains");
  return {
    ...shared,
    events: [...known].sort(),
    topicOf: (type) => {
      const domain = domainOf(type);
      if (known.has(domain)) return domain;
      throw new BusError(
        "invalid_config",
        `${type}: the bus has no topic for the domain "${domain}"; add it to \`domains\`, for every process of the bus`,
        { details: { type, domain } },
      );
    },
  };
}

function domainOf(type: string): string {
  return type.split(".", 1)[0] ?? type;
}

function checkName(name: string, option: string): void {
  if (legal.test(name) && name !== "." && name !== "..") return;
  throw new BusError(
    "invalid_config",
    `kafkaEngine: ${option} ${shortForm(name)} cannot name a topic; use 1 to 200 of a-z, A-Z, 0-9, ".", "_" and "-"`,
  );
}
