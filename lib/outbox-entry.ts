// The public entry `wagglebus/outbox`: events stored in the caller's own transaction, and relayed to any bus.
export { type CreateOutboxOptions, createOutbox } from "./outbox/create-outbox.ts";
export type {
  FlushOptions,
  Outbox,
  OutboxAdded,
  OutboxDraftOptions,
  OutboxEntry,
  OutboxKey,
  OutboxOptions,
  OutboxPage,
  OutboxQuery,
  OutboxState,
} from "./outbox/outbox.ts";
export type { RelayOptions, RelayReport } from "./outbox/relay.ts";
export { type OutboxPool, type OutboxTableOptions, pgOutbox } from "./outbox/sql/postgres-outbox.ts";
export { type SqliteDatabase, type SqliteStatement, sqliteOutbox } from "./outbox/sql/sqlite-outbox.ts";
export type {
  OutboxCounts,
  OutboxRecord,
  OutboxStore,
  RecordSelection,
  RelayOutcome,
  StoredRecord,
  WaitingRecord,
} from "./outbox/store.ts";
