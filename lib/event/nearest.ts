import { distance } from "fastest-levenshtein";

/**
 * The candidate that a mistyped name most likely means, whatever its case; `undefined` where none is within a third of
 * its letters.
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase();
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const reach = Math.max(1, Math.floor(Math.max(wanted.length, candidate.length) / 3));
    // Lengths alone bound the distance from below: a long unknown name costs nothing.
    if (Math.abs(wanted.length - candidate.length) > reach) continue;
    const away = edits(wanted, candidate.toLowerCase());
    if (away <= reach && away < bestDistance) {
      best = candidate;
      bestDistance = away;
    }
  }
  return best;
}

/** Two letters that changed places count as one edit, not as two: it is the slip that hands make most. */
function edits(name: string, candidate: string): number {
  const away = distance(name, candidate);
  return away === 2 && sorted(name) === sorted(candidate) ? 1 : away;
}

function sorted(name: string): string {
  return [...name].sort().join("");
}

/** The end of a message about an unknown name: `; did you mean "x"?`, or `; ` and the fix where nothing is near. */
export function didYouMean(name: string, candidates: Iterable<string>, otherwise: string): string {
  const found = nearest(name, candidates);
  return found === undefined ? `; ${otherwise}` : `; did you mean "${found}"?`;
}
