import { typeMatcher } from "../../pattern/type-names.ts";

/** The limit for a type: that of the first name which fits, or the general one. */
export function limitByType(
  byType: readonly (readonly [name: string, limit: number])[],
  general: number,
): (type: string) => number {
  const limits = byType.map(([name, limit]) => ({ fits: typeMatcher([name]), limit }));
  return (type) => limits.find(({ fits }) => fits(type))?.limit ?? general;
}
