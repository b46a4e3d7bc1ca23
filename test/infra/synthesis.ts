import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { App, Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { type IVpc, Vpc } from "aws-cdk-lib/aws-ec2";
import { AwsSolutionsChecks } from "cdk-nag";
import { AgentEventBus, type AgentEventBusProps, Subscriber } from "../../lib/cdk/index.ts";

/** The assemblies of a test file's apps: without an output folder an app creates a temporary one and leaves it behind. */
let assemblies: string | undefined;

/** Runs after each test file. */
export function removeAssemblies(): void {
  if (assemblies !== undefined) rmSync(assemblies, { recursive: true, force: true });
  assemblies = undefined;
}

/** For {@link anApp}: has templates validated against CloudFormation's schemas, as cdk.json has those of the stacks. */
export const bySchemas = { "@aws-cdk/core:validateAgainstDefaultRules": true } as const;

/**
 * Creates an app that does not bundle functions, for tests of templates. Without {@link bySchemas} the CDK does not validate
 * them: it would only print what it finds, and that takes longer than all else.
 */
export function anApp(context: Readonly<Record<string, unknown>> = {}): App {
  assemblies ??= mkdtempSync(join(tmpdir(), "wagglebus-infra-"));
  const outdir = mkdtempSync(join(assemblies, "app-"));
  return new App({
    outdir,
    context: { "aws:cdk:bundling-stacks": [], ...context },
    builtinCloudFormationValidation: Object.keys(bySchemas).some((name) => context[name] === true),
  });
}

/** Returns the findings of cdk-nag in an app. */
export function findings(app: App): string[] {
  const { violations } = new AwsSolutionsChecks(app).validateScope(app);
  return violations.map(({ ruleName, violatingResources }) => {
    return `${ruleName}: ${violatingResources.map(({ constructPath }) => constructPath).join()}`;
  });
}

/** Creates a bus in its own stack. */
export function aBus(
  props: Partial<AgentEventBusProps> = {},
  context: Readonly<Record<string, unknown>> = {},
): { app: App; stack: Stack; bus: AgentEventBus; template: () => Template } {
  const app = anApp(context);
  const stack = new Stack(app, "bus");
  const bus = new AgentEventBus(stack, "Bus", { busName: "agents", ...props });
  return { app, stack, bus, template: () => Template.fromStack(stack) };
}

/** Names a network that is there already. */
export function aVpc(stack: Stack): IVpc {
  const attributes = {
    vpcId: "vpc-0123456789abcdef0",
    availabilityZones: ["eu-west-1a"],
    privateSubnetIds: ["subnet-0123456789abcdef0"],
  };
  return Vpc.fromVpcAttributes(stack, "Vpc", attributes);
}

/** Creates a stack that imports a bus by its name. */
export function aStackWithBus(context: Readonly<Record<string, unknown>> = {}, busName = "agents") {
  const app = anApp(context);
  const stack = new Stack(app, "team");
  const bus = AgentEventBus.fromBusName(stack, "Bus", busName);
  return { app, stack, bus, template: () => Template.fromStack(stack) };
}

/** The code of a subscriber. */
const folder = fileURLToPath(new URL("../../functions/readers", import.meta.url));
/** A subscription with everything that a deployment makes of one. */
export const readers = {
  name: "readers",
  on: "task.assigned",
  where: { data: { agentId: [{ prefix: "reader-" }] } },
} as const;

/** Creates a subscriber in a stack that imports its bus. */
export function aSubscriber(settings: object = {}, props: object = {}) {
  const { stack, bus, template } = aStackWithBus();
  const subscriber = new Subscriber(stack, "Readers", {
    bus,
    folder,
    subscription: { ...readers, ...settings },
    ...props,
  });
  return { subscriber, template: template() };
}

/** Returns the policy statements in a template that allow an action, with their resources as JSON. */
export function allowed(template: Template, action: string): { role: string; resources: string }[] {
  return Object.values(template.findResources("AWS::IAM::Policy")).flatMap(({ Properties }) =>
    statementsOf(Properties)
      .filter(({ Action }) => [Action].flat().includes(action))
      .map(({ Resource }) => ({ role: JSON.stringify(Properties.Roles), resources: JSON.stringify(Resource) })),
  );
}

function statementsOf(properties: { PolicyDocument: { Statement: { Action: unknown; Resource: unknown }[] } }) {
  return properties.PolicyDocument.Statement;
}

/** Returns the only resource of a type whose logical id matches, with that id. */
export function only(template: Template, type: string, id: RegExp) {
  const found = Object.entries(template.findResources(type)).filter(([name]) => id.test(name));
  const [one] = found;
  if (found.length === 1 && one !== undefined) return one;
  throw new Error(`${found.length} resources of ${type} match ${id}`);
}

/** Returns the logical ids of what CloudFormation creates before a resource, and so deletes after it. */
export function allThatComesBefore(template: Template, id: string): ReadonlySet<string> {
  const { Resources } = template.toJSON();
  const before = new Set<string>();
  const visit = (one: string) => {
    const text = JSON.stringify(Resources[one]);
    const references = [
      ...[Resources[one]?.DependsOn ?? []].flat().map(String),
      ...[...text.matchAll(/"Ref":"([^"]+)"|"Fn::GetAtt":\["([^"]+)"/g)].map(([, ref, att]) => ref ?? att ?? ""),
    ];
    for (const reference of references) {
      if (!(reference in Resources) || before.has(reference)) continue;
      before.add(reference);
      visit(reference);
    }
  };
  visit(id);
  return before;
}
