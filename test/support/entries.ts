/** Each entry of the package, and its source below `lib`. */
export const entries = {
  wagglebus: "index.ts",
  "wagglebus/catalog": "catalog/index.ts",
  "wagglebus/testing": "testing/index.ts",
  "wagglebus/engine": "engine-entry.ts",
  "wagglebus/engine/contract": "engine/contract/index.ts",
  "wagglebus/engine/contract/worker": "engine/contract/worker.ts",
  "wagglebus/aws": "aws-entry.ts",
  "wagglebus/outbox": "outbox-entry.ts",
  "wagglebus/outbox/dynamodb": "outbox-dynamodb-entry.ts",
  "wagglebus/postgres": "postgres-entry.ts",
  "wagglebus/browser": "browser/index.ts",
  "wagglebus/server": "server-entry.ts",
  "wagglebus/kafka": "kafka-entry.ts",
  "wagglebus/lambda": "lambda/index.ts",
  "wagglebus/cdk": "cdk/index.ts",
  "wagglebus/dev": "cli/dev/index.ts",
} as const;
