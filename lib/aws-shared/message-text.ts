/** Bytes of the largest message that SQS takes, and of a batch of them. */
export const maxMessageBytes = 1_048_576;

/**
 * A value as JSON that SQS takes as it is. SQS refuses a few characters; of those JSON leaves only U+FFFE and U+FFFF
 * unescaped.
 */
export function messageText(value: object): string {
  return JSON.stringify(value).replaceAll(/[\ufffe\uffff]/g, (char) => (char === "\ufffe" ? "\\ufffe" : "\\uffff"));
}
