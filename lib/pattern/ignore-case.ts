/** The lower-case and the upper-case form of a UTF-16 unit, and their codes, or -1 if one of them has several units. */
interface FoldedUnit {
  readonly lower: string;
  readonly upper: string;
  readonly lowerCode: number;
  readonly upperCode: number;
}

/** A string folded unit by unit. */
export type Fold = readonly FoldedUnit[];

/**
 * Folds a string for case-insensitive comparison, unit by unit as AWS's engine does: only the pattern is folded, one unit may
 * become several (`ß` matches `SS`, not `ss`), and each half of a surrogate pair counts as `?`.
 */
export function fold(text: string): Fold {
  const folded: FoldedUnit[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const unit = code >= 0xd800 && code <= 0xdfff ? "?" : text.charAt(at);
    const [lower, upper] = [unit.toLowerCase(), unit.toUpperCase()];
    const single = lower.length === 1 && upper.length === 1;
    const [lowerCode, upperCode] = single ? [lower.charCodeAt(0), upper.charCodeAt(0)] : [-1, -1];
    folded.push({ lower, upper, lowerCode, upperCode });
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
  for (const { lower, upper } of folded.toReversed()) {
    if (value.endsWith(lower, end)) end -= lower.length;
    else if (value.endsWith(upper, end)) end -= upper.length;
    else return false;
  }
  return true;
}

function prefixEnd(folded: Fold, value: string): number {
  let at = 0;
  for (const { lower, upper, lowerCode, upperCode } of folded) {
    const code = value.charCodeAt(at);
    if (code === lowerCode || code === upperCode) at += 1;
    else if (lowerCode !== -1) return -1;
    else if (value.startsWith(lower, at)) at += lower.length;
    else if (value.startsWith(upper, at)) at += upper.length;
    else return -1;
  }
  return at;
}
