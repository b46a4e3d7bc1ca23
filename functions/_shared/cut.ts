/** Truncates to `length` UTF-16 units, or one less so as not to split a surrogate pair, which JSON cannot represent. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const end = /[\uD800-\uDBFF]/.test(text.charAt(length - 1)) ? length - 1 : length;
  return text.slice(0, end);
}
