/** How something stands: said by a word and a sign, coloured besides. */
export type Tone = "good" | "bad" | "busy" | "quiet";

const signs: Readonly<Record<Tone, string>> = { good: "●", bad: "✕", busy: "◐", quiet: "○" };

export function Status({ tone, children }: { readonly tone: Tone; readonly children: string }) {
  return (
    <span class={`status ${tone}`}>
      <span aria-hidden="true">{signs[tone]} </span>
      {children}
    </span>
  );
}
