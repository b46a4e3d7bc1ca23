/** Creates a value on first use and caches it, so that start-up does not pay for what few processes need. */
export function lazy<Value>(create: () => Value): () => Value {
  let cached: { readonly value: Value } | undefined;
  return () => {
    cached ??= { value: create() };
    return cached.value;
  };
}
