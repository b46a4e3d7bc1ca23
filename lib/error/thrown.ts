/** The most characters of an error's message that are kept; what follows is cut off. */
export const maxMessageLength = 8_192;

/** The most characters of a stack that are kept; what lies between its beginning and its end is left out. */
export const maxStackLength = 16_384;

/**
 * Whether a thrown value is an error, those of another realm included: what code in a `node:vm` context throws is no instance
 * of this realm's `Error`. Never throws.
 */
export function isError(thrown: unknown): thrown is object {
  try {
    return thrown instanceof Error || Object.prototype.toString.call(thrown) === "[object Error]";
  } catch {
    // A proxy may refuse to be looked at.
    return false;
  }
}

/** A field of any object; undefined where it cannot be read, since it is a getter that throws, say. Never throws. */
export function readField(value: object, name: string): unknown {
  try {
    return Reflect.get(value, name);
  } catch {
    return undefined;
  }
}

/** A field of any object if it is a text, else undefined. Never throws. */
export function readText(value: object, name: string): string | undefined {
  const field = readField(value, name);
  return typeof field === "string" ? field : undefined;
}

/** A message as it is kept: at most {@link maxMessageLength} characters. */
export function cutMessage(message: string): string {
  return message.length <= maxMessageLength ? message : `${copyOf(message.slice(0, maxMessageLength - 1))}…`;
}

/** A stack as it is kept: at most {@link maxStackLength} characters, of its beginning and of its end, where the calls are. */
export function cutStack(stack: string): string {
  if (stack.length <= maxStackLength) return stack;
  const half = maxStackLength / 2 - 40;
  const left = stack.length - 2 * half;
  return `${copyOf(stack.slice(0, half))}\n… ${left} characters left out …\n${copyOf(stack.slice(-half))}`;
}

/** A text of its own, with no half of a surrogate pair: a slice would keep the whole text that it was cut from in memory. */
function copyOf(slice: string): string {
  return slice.toWellFormed().split("").join("");
}
