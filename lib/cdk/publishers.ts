import { Stack } from "aws-cdk-lib";
import { type CfnEventBus, CfnEventBusPolicy } from "aws-cdk-lib/aws-events";
import type { Construct } from "constructs";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import { omitted } from "./omit.ts";

/** Another account, or all accounts of an organization, that may publish to the bus. */
export type Publisher = {
  /** The only sources that their events may have, so that no account can impersonate another. At least one. */
  readonly sources: readonly [string, ...string[]];
} & (
  | {
      /** The account id, twelve digits. */
      readonly account: string;
      readonly organization?: never;
    }
  | {
      /** The id of an organization, `o-` and 10 to 32 letters and digits: each of its accounts may publish. */
      readonly organization: string;
      readonly account?: never;
    }
);

const accountId = /^\d{12}$/;
const organizationId = /^o-[a-z0-9]{10,32}$/;

/** Allows others to publish to a bus. Throws `invalid_config` for an id that AWS would refuse. */
export function allowPublishers(scope: Construct, bus: CfnEventBus, publishers: readonly Publisher[]): void {
  if (omitted(scope).has("bus-policy")) return;
  for (const publisher of publishers) {
    const { id, principal, condition } = whoIs(scope, publisher);
    new CfnEventBusPolicy(scope, `Publisher${id}`, {
      eventBusName: bus.ref,
      statementId: `publisher-${id}`,
      statement: {
        Effect: "Allow",
        Principal: principal,
        Action: "events:PutEvents",
        Resource: bus.attrArn,
        Condition: { StringEquals: { "events:source": publisher.sources, ...condition } },
      },
    });
  }
}

function whoIs(scope: Construct, { account, organization }: Publisher) {
  if (organization !== undefined) {
    if (organizationId.test(organization)) {
      return { id: organization, principal: "*", condition: { "aws:PrincipalOrgID": organization } };
    }
    throw problem("organization", 'an id such as "o-a1b2c3d4e5"', organization);
  }
  if (!accountId.test(account)) throw problem("account", "an account id of twelve digits", account);
  const root = Stack.of(scope).formatArn({ service: "iam", region: "", account, resource: "root" });
  return { id: account, principal: { AWS: root }, condition: {} };
}

function problem(what: string, expected: string, given: string): BusError {
  return new BusError("invalid_config", `the ${what} of a publisher ${mustBe(expected, given)}`);
}
