import type { Condition } from "./condition.ts";
import type { Scalar, Test } from "./value-test.ts";

/** Describes in words what a condition expects. */
export function describeCondition({ tests, absent }: Condition): string {
  const expected = tests.map(describeTest);
  if (absent) expected.push("no such field");
  return either(expected);
}

/** Formats values as JSON, which distinguishes 5 from "5". */
export function describeValues(values: readonly Scalar[]): string {
  const shown = values.slice(0, 5).map((value) => quote(value));
  if (values.length > shown.length) shown.push(`${values.length - shown.length} more`);
  return shown.join(", ");
}

function describeTest(test: Test): string {
  switch (test.kind) {
    case "string":
    case "number":
    case "literal":
      return quote(test.value);
    case "prefix":
      return test.value === "" ? "any string" : `a string that starts with ${quote(test.value)}`;
    case "suffix":
      return test.value === "" ? "any string" : `a string that ends with ${quote(test.value)}`;
    case "equals-ignore-case":
      return `${quote(test.value)} in any case`;
    case "prefix-ignore-case":
      return `a string that starts with ${quote(test.value)} in any case`;
    case "suffix-ignore-case":
      return `a string that ends with ${quote(test.value)} in any case`;
    case "wildcard":
      return `a string that matches ${quote(test.value)}`;
    case "range":
      return describeRange(test);
    case "ip":
      return test.value.includes("/") ? `an address in ${test.value}` : `the address ${test.value}`;
    case "exists":
      return "any value";
    case "anything-but":
      return `anything but ${either(test.tests.map(describeTest))}`;
  }
}

function describeRange(range: { from: number; fromOpen: boolean; to: number; toOpen: boolean }): string {
  const bounds: string[] = [];
  if (range.from !== -Number.MAX_VALUE) bounds.push(`${range.fromOpen ? ">" : ">="} ${range.from}`);
  if (range.to !== Number.MAX_VALUE) bounds.push(`${range.toOpen ? "<" : "<="} ${range.to}`);
  return `a number ${bounds.join(" and ")}`;
}

function either(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} or ${last}`;
}

function quote(value: Scalar): string {
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
