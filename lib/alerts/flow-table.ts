import { idTime } from "../event/id.ts";
import { isBegin, isEnd, type WatchedEvent, workOf } from "./watched-event.ts";

/** What is known of a flow. */
export interface FlowState {
  readonly id: string;
  /** The type of the earliest event that was seen. */
  type: string;
  /** Milliseconds since 1970: its earliest event, or what the id of the flow says. */
  startedMs: number;
  /** The earliest event that was seen. */
  firstMs: number;
  latestMs: number;
  /** What the earliest event has begun; absent where it begins nothing. */
  work: string | undefined;
  /** Ends that came before what they end was seen. */
  ended: Set<string> | undefined;
  /** Whether what the flow began with has ended. */
  isOver: boolean;
}

/** The flows that were seen of late. It forgets the one that was silent for longest when there are too many. */
export class FlowTable {
  /** Longest silent first. */
  readonly #flows = new Map<string, FlowState>();
  readonly #most: number;
  readonly #forgotten: (flow: FlowState) => void;

  constructor(most: number, forgotten: (flow: FlowState) => void) {
    this.#most = most;
    this.#forgotten = forgotten;
  }

  get size(): number {
    return this.#flows.size;
  }

  get(id: string): FlowState | undefined {
    return this.#flows.get(id);
  }

  /** Takes an event in; the order within a flow does not matter. */
  observe(event: WatchedEvent): FlowState {
    const { atMs, type } = event;
    const id = event.metadata.correlationId;
    const flow = this.#touch(id, event);
    const isSooner = atMs === flow.firstMs && flow.work === undefined && isBegin(type);
    if (atMs < flow.firstMs || flow.type === "" || isSooner) {
      flow.type = type;
      flow.work = isBegin(type) ? workOf(event) : undefined;
    }
    flow.firstMs = Math.min(flow.firstMs, atMs);
    flow.startedMs = Math.min(flow.startedMs, atMs);
    flow.latestMs = Math.max(flow.latestMs, atMs);
    if (isEnd(type)) {
      flow.ended ??= new Set();
      if (flow.ended.size < mostEnds) flow.ended.add(workOf(event));
    }
    flow.isOver = flow.work === undefined ? false : flow.ended?.has(flow.work) === true;
    return flow;
  }

  #touch(id: string, { atMs }: WatchedEvent): FlowState {
    const known = this.#flows.get(id);
    if (known !== undefined) {
      this.#flows.delete(id);
      this.#flows.set(id, known);
      return known;
    }
    const flow: FlowState = {
      id,
      type: "",
      startedMs: Math.min(idTime(id) ?? atMs, atMs),
      firstMs: atMs,
      latestMs: atMs,
      work: undefined,
      ended: undefined,
      isOver: false,
    };
    this.#flows.set(id, flow);
    if (this.#flows.size > this.#most) {
      const [oldest] = this.#flows.values();
      if (oldest !== undefined) this.#drop(oldest);
    }
    return flow;
  }

  /** Forgets flows without an event since a time. */
  forgetBefore(latestMs: number): void {
    for (const flow of this.#flows.values()) {
      if (flow.latestMs >= latestMs) return;
      this.#drop(flow);
    }
  }

  #drop(flow: FlowState): void {
    this.#flows.delete(flow.id);
    this.#forgotten(flow);
  }
}

/** Parts of one flow whose end is remembered. */
const mostEnds = 1_000;
