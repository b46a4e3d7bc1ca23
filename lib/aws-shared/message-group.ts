/**
 * The message group that all events of an ordered subscription come in, unless its rule is told to read their keys. Who
 * consumes the queue moves each to the group of its key.
 */
export const sharedGroup = "waggle-shared";

/**
 * The path of the ordering key in the EventBridge envelope. Where EventBridge reads it, events with the same key form one
 * message group; where it takes the path as text, that text is the group of all.
 */
export function messageGroupPath(ordered: string): string {
  if (ordered === "source") return "$.source";
  return ordered === "type" ? "$.detail-type" : `$.detail.${ordered}`;
}
