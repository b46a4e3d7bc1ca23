/** One of several sorted streams, read page by page. */
class Source<Value> {
  readonly #pages: AsyncGenerator<readonly Value[], void, void>;
  #page: readonly Value[] = [];
  #at = 0;
  #ended = false;

  constructor(pages: AsyncGenerator<readonly Value[], void, void>) {
    this.#pages = pages;
  }

  get head(): Value | undefined {
    return this.#page[this.#at];
  }

  take(): void {
    this.#at += 1;
  }

  /** Reads on where nothing is left. */
  async fill(): Promise<void> {
    while (this.#at >= this.#page.length && !this.#ended) {
      const page = await this.#pages.next();
      this.#ended = page.done === true;
      this.#page = page.done === true ? [] : page.value;
      this.#at = 0;
    }
  }
}

/** Makes one sorted stream of several: `comesFirst` says which of two heads. Reads no further than it is asked. */
export async function* merge<Value>(
  streams: readonly AsyncGenerator<readonly Value[], void, void>[],
  comesFirst: (one: Value, other: Value) => boolean,
): AsyncGenerator<Value, void, void> {
  const sources = streams.map((stream) => new Source(stream));
  for (;;) {
    await Promise.all(sources.map((source) => source.fill()));
    let first: { source: Source<Value>; value: Value } | undefined;
    for (const source of sources) {
      const value = source.head;
      if (value !== undefined && (first === undefined || comesFirst(value, first.value))) first = { source, value };
    }
    if (first === undefined) return;
    first.source.take();
    yield first.value;
  }
}
