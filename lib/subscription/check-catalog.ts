import { BusError } from "../error/bus-error.ts";
import type { Catalog } from "../event/catalog.ts";
import { didYouMean } from "../event/nearest.ts";
import { typeMatcher } from "../pattern/type-names.ts";
import { dataPathProblem } from "./key-path.ts";
import { keyPaths } from "./record.ts";
import type { SubscriptionRecord } from "./subscription.ts";
import { mayBeCustom, type UnmatchedName, unknownTypes, unmatchedNames } from "./unknown-types.ts";

/**
 * Checks a subscription against the catalog of a bus. Throws `unknown_type` for a type that the catalog does not have, and
 * `invalid_config` for a path that no definition of `on` declares. Returns, as messages, what is most likely a mistake but may be
 * right, since a name with `*` also matches types that only other processes know.
 */
export function checkAgainstCatalog(record: SubscriptionRecord, catalog: Catalog): readonly string[] {
  const { name, on } = record;
  const [unknown] = unknownTypes(on, catalog);
  if (unknown !== undefined) {
    const fix = didYouMean(unknown, catalog.types(), "add its definition to the catalog");
    throw new BusError("unknown_type", `subscription ${name}: on: ${unknown} is not in the catalog${fix}`);
  }
  const problems = keyPathProblems(record, catalog);
  const [first] = problems;
  if (first !== undefined && !on.some(hasStar)) {
    throw new BusError("invalid_config", `subscription ${name}: ${first.setting}: ${first.problem}`, {
      details: { field: first.setting },
    });
  }
  return [
    ...unmatchedNames(on, catalog).map(unmatchedMessage),
    ...problems.map(({ setting, problem }) => `${setting}: ${problem}`),
  ];
}

/** The paths into data that no definition declares, if all types that `on` may match have one. */
function keyPathProblems(record: SubscriptionRecord, catalog: Catalog) {
  const { on } = record;
  if (on.some((name) => (hasStar(name) ? mayBeCustom(name) : catalog.get(name) === undefined))) return [];
  const definitions = catalog
    .types()
    .filter(typeMatcher(on))
    .flatMap((type) => catalog.get(type) ?? []);
  return keyPaths(record).flatMap(([setting, path]) => {
    const problem = dataPathProblem(path, definitions);
    return problem === undefined ? [] : [{ setting, problem }];
  });
}

function hasStar(name: string): boolean {
  return name.includes("*");
}

/** What to say of a name that matches no type of the catalog. */
export function unmatchedMessage({ name, nearest }: UnmatchedName): string {
  const fix = nearest === undefined ? "add the definitions to the catalog" : `did you mean "${nearest}"?`;
  return `${name} matches no type of the catalog; ${fix}`;
}
