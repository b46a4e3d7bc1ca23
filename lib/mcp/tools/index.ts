import type { Tool } from "../tool.ts";
import { deadLetterTools } from "./dead-letters.ts";
import { deliveryTools } from "./deliveries.ts";
import { historyTools } from "./history.ts";
import { inboxTools } from "./inbox.ts";
import { publish } from "./publish.ts";

const [listDeadLetters, redrive] = deadLetterTools;

/** All tools, those that only read first. */
export const tools: readonly Tool[] = [
  ...historyTools,
  listDeadLetters,
  publish,
  redrive,
  ...deliveryTools,
  ...inboxTools,
];
