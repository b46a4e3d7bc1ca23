/** Before a run has ended, how long one is taken to last. */
const firstGuessMs = 100;
/** A delivery that has to wait is not looked at again sooner. */
const shortestWaitMs = 5;
/** One that has waited for less than this is looked at again after it, however long its turn may take to come. */
const firstLookMs = 1_000;
/** For how long after it is due a delivery's turn is kept for it. */
const shortestGraceMs = 50;
/** Turns that are kept; one above it comes back as if for the first time. */
const keptTurns = 100_000;
/** Turns between two searches for those that were lost. */
const fewTurns = 1_000;

/** The turn of a delivery that has to wait. */
interface Turn {
  /** Its place in the row of its key. */
  readonly place: number;
  /** Milliseconds since 1970: since when it waits, and when it comes again. */
  readonly since: number;
  dueAt: number;
}

/** What runs and waits of one key. */
interface KeyState {
  /** When each run began, in milliseconds since 1970. */
  readonly runs: number[];
  /** By delivery, in the order in which they came. */
  readonly turns: Map<string, Turn>;
}

/**
 * Lets at most `limit` deliveries of a key run at once. When a run ends cannot be known, so one that has to wait is asked to come
 * again when its turn is likely: by what is before it and how long runs last, but never more than doubling the time that it has
 * waited. Its turn is kept for it against those that come later, but not for long after it is due, since another process may
 * have taken it.
 */
export class KeySlots {
  #limit: number;
  readonly #keys = new Map<string, KeyState>();
  /** How long runs last, the latest counting most. */
  #usualMs = firstGuessMs;
  #turns = 0;
  #places = 0;
  #searchAt = fewTurns;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many keys are remembered. */
  get keys(): number {
    return this.#keys.size;
  }

  /** Another limit counts from now on; what runs goes on. */
  change(limit: number): void {
    this.#limit = limit;
  }

  /** Milliseconds that a delivery has to wait, its turn being kept; 0 where it may run now. */
  waitMs(key: string, delivery: string, now: number): number {
    const state = this.#keys.get(key);
    if (state === undefined) return 0;
    if (state.runs.length + this.#before(state, delivery, now) < this.#limit) return 0;
    const waitMs = this.#estimate(state, delivery, now);
    this.#keep(state, delivery, now, now + waitMs);
    return waitMs;
  }

  /** Moves the turn of a delivery that has to wait for something else, if it has one. */
  postpone(key: string, delivery: string, dueAt: number): void {
    const turn = this.#keys.get(key)?.turns.get(delivery);
    if (turn !== undefined) turn.dueAt = dueAt;
  }

  begin(key: string, delivery: string, now: number): void {
    let state = this.#keys.get(key);
    if (state === undefined) {
      state = { runs: [], turns: new Map() };
      this.#keys.set(key, state);
    }
    this.#forget(state, delivery);
    state.runs.push(now);
  }

  /** Ends a run that began at a time; one that was given back says nothing of how long runs last. */
  end(key: string, beganAt: number, now: number, { ran }: { readonly ran: boolean }): void {
    const state = this.#keys.get(key);
    const index = state?.runs.indexOf(beganAt) ?? -1;
    if (state === undefined || index === -1) return;
    state.runs.splice(index, 1);
    if (ran) this.#usualMs += (Math.max(0, now - beganAt) - this.#usualMs) / 8;
    this.#drop(key, state);
  }

  /** How many deliveries that came before it are due about now, so that what is free is theirs. */
  #before({ turns }: KeyState, delivery: string, now: number): number {
    let count = 0;
    for (const [other, { dueAt }] of turns) {
      if (other === delivery || count >= this.#limit || dueAt > now + this.#usualMs) break;
      if (!this.#lost(dueAt, now)) count += 1;
    }
    return count;
  }

  #estimate({ runs, turns }: KeyState, delivery: string, now: number): number {
    const own = turns.get(delivery);
    const [first] = turns.values();
    const ahead = own === undefined ? turns.size : Math.min(own.place - (first ?? own).place, turns.size);
    const run = runs[ahead % this.#limit] ?? now;
    const rounds = Math.floor(ahead / this.#limit);
    // The longer a run has gone on, the longer it is likely to go on; and the fewer are the looks at one that hangs.
    const untilEnd = Math.max(run + this.#usualMs - now, (now - run) / 4);
    const likely = Math.max(untilEnd, this.#usualMs / 8, shortestWaitMs) + rounds * this.#usualMs;
    return Math.ceil(Math.min(likely, Math.max(firstLookMs, now - (own?.since ?? now))));
  }

  #keep(state: KeyState, delivery: string, now: number, dueAt: number): void {
    const own = state.turns.get(delivery);
    if (own !== undefined) {
      own.dueAt = dueAt;
      return;
    }
    if (this.#turns >= this.#searchAt) this.#forgetLost(now);
    if (this.#turns >= keptTurns) return;
    this.#places += 1;
    this.#turns += 1;
    state.turns.set(delivery, { place: this.#places, since: now, dueAt });
  }

  #forget(state: KeyState, delivery: string): void {
    if (state.turns.delete(delivery)) this.#turns -= 1;
  }

  /** Whether a turn is over because its delivery has not come. */
  #lost(dueAt: number, now: number): boolean {
    return dueAt + Math.max(shortestGraceMs, this.#usualMs) < now;
  }

  #forgetLost(now: number): void {
    for (const [key, state] of this.#keys) {
      for (const [delivery, { dueAt }] of state.turns) if (this.#lost(dueAt, now)) this.#forget(state, delivery);
      this.#drop(key, state);
    }
    this.#searchAt = Math.max(fewTurns, this.#turns * 2);
  }

  #drop(key: string, { runs, turns }: KeyState): void {
    if (runs.length === 0 && turns.size === 0) this.#keys.delete(key);
  }
}
