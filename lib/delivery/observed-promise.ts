/** A promise that knows whether anybody asked what became of it: by `await`, `then`, `catch`, `Promise.all` and the like. */
export class ObservedPromise<Value> extends Promise<Value> {
  /** Whether anybody asked. */
  observed = false;

  // What `then` gives is an ordinary promise: this class counts for what a publish itself returns.
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  /** Settles as another promise does. A rejection that nobody observes is not an unhandled one: whoever made it reports it. */
  static of<Value>(promise: Promise<Value>): ObservedPromise<Value> {
    const observed = new ObservedPromise<Value>((resolve, reject) => void promise.then(resolve, reject));
    Promise.prototype.then.call(observed, undefined, () => {});
    return observed;
  }

  // Called by `await` too: of a promise of another class it asks through `then`.
  // biome-ignore lint/suspicious/noThenProperty: it is a promise
  override then<Result = Value, Caught = never>(
    fulfilled?: ((value: Value) => Result | PromiseLike<Result>) | null,
    rejected?: ((reason: unknown) => Caught | PromiseLike<Caught>) | null,
  ): Promise<Result | Caught> {
    this.observed = true;
    return super.then(fulfilled, rejected);
  }
}
