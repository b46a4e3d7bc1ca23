export { type BusAddress, busReferenceProblem, configOfAddress, parseBusArn } from "./bus-address.ts";
export {
  type BusConfig,
  type DeployedSubscription,
  parseBusConfig,
  parseDeployedSubscription,
} from "./bus-config.ts";
export {
  acceptedAt,
  type Opened,
  openEnvelope,
  type PutEntry,
  putEntryBytes,
  toEnvelope,
  toPutEntry,
} from "./envelope.ts";
export { functionLimitProblem } from "./function-limits.ts";
export { functionMarginMs } from "./function-time.ts";
export { messageGroupPath, sharedGroup } from "./message-group.ts";
export { maxMessageBytes, messageText } from "./message-text.ts";
export {
  busNameProblem,
  checkBusName,
  functionVariables,
  messageAttributes,
  metricDimensions,
  metricNames,
  metricsNamespace,
  parameterNames,
  resourceNames,
} from "./names.ts";
export { rulePattern } from "./rule-pattern.ts";
export {
  bodyPrefixes,
  deliveriesTable,
  historyTable,
  outboxTable,
  waitingPartition,
  waitingShard,
} from "./tables.ts";
export {
  parseUnpublished,
  toUnpublishedMessage,
  toUnpublishedPointer,
  unpublishedBodies,
} from "./unpublished.ts";
