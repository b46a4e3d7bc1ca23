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

/** A unit with several forms doubles the forms of a text; beyond this many the rest of the text is left out. */
const maxForms = 8;

/** The forms by which an index finds the matches of a text in any case. */
interface FoldedForms {
  /** Each match, once its case is folded, starts (backward: ends) with one of them. */
  readonly texts: readonly string[];
  /** Whether they are as long as the text. */
  readonly whole: boolean;
}

/** Folds a text to the forms that its matches may have: a unit such as `ß` matches `SS` as well. */
export function foldedForms(text: string, backward: boolean): FoldedForms {
  const units = backward ? fold(text).toReversed() : fold(text);
  let texts = [""];
  for (const unit of units) {
    const [lower, upper] = [foldCase(unit.lower), foldCase(unit.upper)];
    const forms = lower === upper ? [lower] : [lower, upper];
    if (texts.length * forms.length > maxForms) return { texts, whole: false };
    texts = texts.flatMap((start) => forms.map((form) => (backward ? form + start : start + form)));
  }
  return { texts, whole: true };
}

/** Folds the case of a value unit by unit, whatever is around the unit, so that a part of a value is folded as in the whole. */
export function foldCase(value: string): string {
  let folded = "";
  let copied = 0;
  for (let at = 0; at < value.length; at += 1) {
    const code = value.charCodeAt(at);
    const lower = code < 128 ? asciiLower(code) : otherLower(code);
    if (lower === code) continue;
    folded += value.slice(copied, at) + String.fromCharCode(lower);
    copied = at + 1;
  }
  return copied === 0 ? value : folded + value.slice(copied);
}

function asciiLower(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
}

/** The lower case of units, found once: plus 1, so that 0 is one that was not asked for. */
const known = new Uint32Array(0x1_0000);

/** A unit whose lower case has several units stays as it is. */
function otherLower(code: number): number {
  const before = known[code] ?? 0;
  if (before !== 0) return before - 1;
  const lower = String.fromCharCode(code).toLowerCase();
  const found = lower.length === 1 ? lower.charCodeAt(0) : code;
  known[code] = found + 1;
  return found;
}
