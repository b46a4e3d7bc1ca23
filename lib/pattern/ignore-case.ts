/** For each UTF-16 unit of a string, its lower-case and its upper-case form. */
export type Fold = readonly (readonly [lower: string, upper: string])[];

/**
 * Folds a string for case-insensitive comparison, unit by unit as AWS's engine does: only the pattern is folded, one unit may
 * become several (`ß` matches `SS`, not `ss`), and each half of a surrogate pair counts as `?`.
 */
export function fold(text: string): Fold {
  const folded: [string, string][] = [];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const unit = code >= 0xd800 && code <= 0xdfff ? "?" : text.charAt(at);
    folded.push([unit.toLowerCase(), unit.toUpperCase()]);
  }
  return folded;
}

/** Whether the value equals the folded string. */
export function equalsIgnoringCase(folded: Fold, value: string): boolean {
  return prefixEnd(folded, value) === value.length;
}

/** Whether the value starts with the folded string. */
export function prefixIgnoringCase(folded: Fold, value: string): boolean {
  return prefixEnd(folded, value) !== -1;
}

/** Whether the value ends with the folded string. */
export function suffixIgnoringCase(folded: Fold, value: string): boolean {
  let end = value.length;
  for (const [lower, upper] of folded.toReversed()) {
    if (value.endsWith(lower, end)) end -= lower.length;
    else if (value.endsWith(upper, end)) end -= upper.length;
    else return false;
  }
  return true;
}

function prefixEnd(folded: Fold, value: string): number {
  let at = 0;
  for (const [lower, upper] of folded) {
    if (value.startsWith(lower, at)) at += lower.length;
    else if (value.startsWith(upper, at)) at += upper.length;
    else return -1;
  }
  return at;
}
