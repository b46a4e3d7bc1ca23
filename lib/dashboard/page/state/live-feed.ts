import type { Event } from "../../../event/event.ts";

/** A line of the stream: an event, or a text that comes in pieces. */
export type LiveRow =
  | { readonly kind: "event"; readonly key: string; readonly event: Event }
  | {
      readonly kind: "text";
      readonly key: string;
      /** The last piece. */
      readonly event: Event;
      /** The pieces joined; of a long text its end. */
      readonly text: string;
      readonly pieces: number;
      /** Whether the beginning is not shown. */
      readonly cut: boolean;
    };

/** What is on the screen. */
export interface LiveState {
  /** Newest first; at most `mostRows`. */
  readonly rows: readonly LiveRow[];
  /** What came since the pause began. */
  readonly held: number;
  readonly paused: boolean;
  /** Events a second over the last ten seconds, pieces of texts included. */
  readonly rate: number;
  /** Events that were seen since the view was opened. */
  readonly seen: number;
}

/** Rows that are kept, and so the most that the page shows. */
export const mostRows = 200;
/** Characters of a joined text that are kept: its end. */
const mostText = 4_000;
const rateWindowMs = 10_000;

/** The stream of events as the Live view shows it: bounded, pieces of a text joined, and still while it is paused. */
export class LiveFeed {
  readonly #now: () => number;
  #rows: LiveRow[] = [];
  /** While paused: what is shown; the rows go on behind it. */
  #shown: readonly LiveRow[] | undefined;
  #held = 0;
  #seen = 0;
  /** Events by second, newest last. */
  #seconds: { at: number; count: number }[] = [];
  readonly #startedAt: number;

  constructor(now: () => number) {
    this.#now = now;
    this.#startedAt = now();
  }

  /** Takes an event that has come. */
  add(event: Event): void {
    if (this.#rows.some((row) => row.kind === "event" && row.key === event.id)) return;
    this.#seen += 1;
    if (this.#shown !== undefined) this.#held += 1;
    this.#count();
    const piece = pieceOf(event);
    if (piece === undefined) this.#rows.unshift({ kind: "event", key: event.id, event });
    else this.#join(event, piece);
    this.#rows.length = Math.min(this.#rows.length, mostRows);
  }

  /** Takes what history has, newest first, from before the stream began. */
  addOlder(events: readonly Event[]): void {
    const known = new Set(this.#rows.map(({ key }) => key));
    for (const event of events) {
      if (this.#rows.length >= mostRows) break;
      if (!known.has(event.id)) this.#rows.push({ kind: "event", key: event.id, event });
    }
    // What came meanwhile lies in both, and belongs above.
    if (this.#shown !== undefined && this.#shown.length === 0) this.#shown = [...this.#rows];
  }

  /** Texts begin anew: drops what is shown of them. */
  dropTexts(): void {
    this.#rows = this.#rows.filter(({ kind }) => kind !== "text");
  }

  pause(): void {
    this.#shown ??= [...this.#rows];
  }

  resume(): void {
    this.#shown = undefined;
    this.#held = 0;
  }

  get state(): LiveState {
    const now = this.#now();
    const window = Math.max(1_000, Math.min(rateWindowMs, now - this.#startedAt));
    const recent = this.#seconds.filter(({ at }) => at > now - rateWindowMs);
    return {
      rows: this.#shown ?? [...this.#rows],
      held: this.#held,
      paused: this.#shown !== undefined,
      rate: recent.reduce((sum, { count }) => sum + count, 0) / (window / 1_000),
      seen: this.#seen,
    };
  }

  #count(): void {
    const at = Math.floor(this.#now() / 1_000) * 1_000;
    const last = this.#seconds.at(-1);
    if (last?.at === at) last.count += 1;
    else this.#seconds.push({ at, count: 1 });
    if (this.#seconds.length > 20) this.#seconds.shift();
  }

  /** A text stays where it began, so that two that come at once do not change places all the time. */
  #join(event: Event, piece: string): void {
    const key = textKey(event);
    const index = this.#rows.findIndex((row) => row.key === key);
    const before = this.#rows[index];
    if (before?.kind !== "text") {
      this.#rows.unshift({ kind: "text", key, event, ...ended(piece), pieces: 1 });
      return;
    }
    const { text, cut } = ended(before.text + piece);
    this.#rows[index] = { kind: "text", key, event, text, pieces: before.pieces + 1, cut: before.cut || cut };
  }
}

function ended(text: string): { readonly text: string; readonly cut: boolean } {
  return { text: text.slice(-mostText), cut: text.length > mostText };
}

/** The piece of a text that an event carries; `undefined` where it is another event. */
function pieceOf({ type, data }: Event): string | undefined {
  if (!type.endsWith(".delta")) return undefined;
  const content: unknown = Object(data).content;
  return typeof content === "string" ? content : undefined;
}

function textKey({ type, metadata: { streamId, correlationId } }: Event): string {
  return `${type} ${streamId ?? correlationId}`;
}
