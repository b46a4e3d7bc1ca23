/** Makes something when it is first asked for, and keeps it: what few processes need does not cost all of them their start. */
export function lazy<Made>(make: () => Made): () => Made {
  let kept: { readonly made: Made } | undefined;
  return () => {
    kept ??= { made: make() };
    return kept.made;
  };
}
