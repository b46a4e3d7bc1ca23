import { distance } from "fastest-levenshtein";

/**
 * Returns the candidate that a mistyped name most likely means, ignoring case, or `undefined` if none is within an edit
 * distance of a third of its length.
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  const lower = name.toLowerCase();
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const limit = Math.max(1, Math.floor(Math.max(lower.length, candidate.length) / 3));
    // The difference in length is a lower bound of the distance, so a long unknown name costs nothing.
    if (Math.abs(lower.length - candidate.length) > limit) continue;
    const edits = editDistance(lower, candidate.toLowerCase());
    if (edits <= limit && edits < bestDistance) {
      best = candidate;
      bestDistance = edits;
    }
  }
  return best;
}

/** Two transposed letters, the most common typing error, count as one edit. */
function editDistance(name: string, candidate: string): number {
  const edits = distance(name, candidate);
  return edits === 2 && sorted(name) === sorted(candidate) ? 1 : edits;
}

function sorted(name: string): string {
  return [...name].sort().join("");
}

/** Returns the end of a message about an unknown name: `; did you mean "x"?`, or `; ` and the fix if no candidate is near. */
export function didYouMean(name: string, candidates: Iterable<string>, fix: string): string {
  const candidate = nearest(name, candidates);
  return candidate === undefined ? `; ${fix}` : `; did you mean "${candidate}"?`;
}
