import { Stack, Validations } from "aws-cdk-lib";
import type { IConstruct } from "constructs";

/**
 * Acknowledges findings of cdk-nag on a construct and everything below it, with a reason. An id is a rule, or one finding of a
 * rule: `AwsSolutions-IAM5[Resource::*]`.
 */
export function acknowledge(scope: IConstruct, reason: string, ...ids: readonly string[]): void {
  Validations.of(scope).acknowledge(...ids.map((id) => ({ id, reason })));
}

/** Acknowledges each of the resources that contain a wildcard; any other wildcard remains a finding. */
export function acknowledgeWildcards(scope: IConstruct, reason: string, resources: readonly string[]): void {
  const found = resources.filter((arn) => arn.includes("*"));
  const flat = found.map((arn) => flatten(Stack.of(scope).resolve(arn)));
  acknowledge(scope, reason, ...flat.map((resource) => `AwsSolutions-IAM5[Resource::${resource}]`));
}

/** Formats a resource as in the id of a cdk-nag finding. */
function flatten(resolved: unknown): string {
  if (typeof resolved === "string") return resolved;
  if (typeof resolved !== "object" || resolved === null) return "";
  if ("Ref" in resolved) return `<${String(resolved.Ref)}>`;
  if (!("Fn::Join" in resolved) || !Array.isArray(resolved["Fn::Join"])) return JSON.stringify(resolved);
  const [between, parts]: unknown[] = resolved["Fn::Join"];
  return Array.isArray(parts) ? parts.map(flatten).join(String(between)) : "";
}
