import type { BusError } from "../../../error/bus-error.ts";

/** What went wrong, in the server's words, and what to do. */
export function Problem({ error, what }: { readonly error: BusError; readonly what: string }) {
  const code = error.code.replace(/^engine:/, "");
  return (
    <div class="problem" role="alert">
      <strong>{what}</strong> <code>{code}</code>
      <p>{error.message}</p>
      {code === "forbidden" && <p>Use a token with that role: “Token” at the top of the page.</p>}
    </div>
  );
}
