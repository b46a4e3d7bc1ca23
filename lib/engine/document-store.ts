/** A document and its name. */
export interface NamedDocument {
  /** Under which it is kept. */
  readonly name: string;
  /** JSON, as it was put. */
  readonly document: unknown;
}

/**
 * Small JSON documents of what serves a bus, such as its webhooks: kept beside the events, in none of their promises. Two that
 * put the same name at once leave one of both documents, whole. Methods reject with BusError only.
 */
export interface DocumentStore {
  /** Keeps a document under a name of at most 128 characters; resolves once it is kept as long as the subscriptions are. */
  put(name: string, document: object): Promise<void>;
  /** As of now; `undefined` where there is none. */
  get(name: string): Promise<unknown>;
  /** All whose name starts with a prefix, ordered by name. */
  list(prefix: string): Promise<NamedDocument[]>;
  /** False where there is none. */
  delete(name: string): Promise<boolean>;
}
