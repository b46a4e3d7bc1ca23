/** Runs what a call consists of, and tells the call where it throws. */
export async function failing<Result>(
  call: { failed(thrown: unknown): Promise<void> },
  run: () => Result | PromiseLike<Result>,
): Promise<Result> {
  try {
    return await run();
  } catch (thrown) {
    await call.failed(thrown);
    throw thrown;
  }
}
