/** How far a replay from the archive has come. */
export interface ArchiveReplayProgress {
  /** The mark that the replayed deliveries carry. */
  id: string;
  /** RFC 3339: the `time` up to which it has come; absent before its first event. */
  replayedUntil?: string;
}

/** The time that an archive is replayed for. */
export interface ArchiveSpan {
  /** Milliseconds since 1970: events whose `time` is at or after it. */
  readonly since: number;
  /** Milliseconds since 1970: events whose `time` is before it. */
  readonly until: number;
}

/** How a replay from an archive is watched and ended. */
export interface ArchiveReplayControl {
  /** Aborted, the replay is cancelled; what it has delivered by then stays. */
  readonly signal?: AbortSignal;
  /** Called once the replay has started, and then on each progress. */
  readonly onProgress?: (progress: ArchiveReplayProgress) => void;
}

/** An archive that the service itself keeps and replays. */
export interface EventArchive {
  /** Delivers what it has of a time to subscriptions that are not ephemeral; resolves with the mark once it has. */
  replay(span: ArchiveSpan, to: readonly string[], control: ArchiveReplayControl): Promise<string>;
}
