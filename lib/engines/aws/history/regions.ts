/**
 * A part of the order of acceptance in which wanted events may be: from a key, included, to a key, not
 * included. One event is a region, too.
 */
export interface Region {
  readonly from: string;
  readonly to: string;
}

/** Regions from the newest to the oldest. */
export interface Regions {
  /**
   * The newest part that lies before a key, cut there; undefined where there is none. Asked again, it is asked for the
   * same or an earlier key.
   */
  next(before: string): Promise<Region | undefined>;
}

/** The least that may follow a key. */
const successor = "\0";

/** The region of one event. */
export function point(key: string): Region {
  return { from: key, to: `${key}${successor}` };
}

/** The key of a region that is one event. */
export function pointKey({ from, to }: Region): string | undefined {
  return to === `${from}${successor}` ? from : undefined;
}

/** What lies between two keys. */
export function between(from: string, to: string): Regions {
  return {
    next: async (before) => {
      const end = to < before ? to : before;
      return from < end ? { from, to: end } : undefined;
    },
  };
}

/** Single events. */
export function points(keys: Iterable<string>): Regions {
  const left = [...new Set(keys)].sort();
  return {
    next: async (before) => {
      let last = left.at(-1);
      while (last !== undefined && last >= before) {
        left.pop();
        last = left.at(-1);
      }
      return last === undefined ? undefined : point(last);
    },
  };
}

/** What any of them has. */
export function anyOf(sources: readonly Regions[]): Regions {
  return {
    next: async (before) => {
      const found = await Promise.all(sources.map((source) => source.next(before)));
      let newest: Region | undefined;
      for (const region of found) if (region !== undefined && comesBefore(region, newest)) newest = region;
      return newest;
    },
  };
}

/** Whether a region is to be given before another: it ends later, or reaches further back. */
function comesBefore(region: Region, other: Region | undefined): boolean {
  if (other === undefined || region.to > other.to) return true;
  return region.to === other.to && region.from < other.from;
}

/** What all of them have. */
export function allOf(sources: readonly Regions[]): Regions {
  return {
    next: async (start) => {
      let before = start;
      for (;;) {
        const found = await Promise.all(sources.map((source) => source.next(before)));
        let from = "";
        let to = before;
        for (const region of found) {
          if (region === undefined) return undefined;
          if (region.from > from) from = region.from;
          if (region.to < to) to = region.to;
        }
        if (from < to) return { from, to };
        before = to;
      }
    },
  };
}
