import { type TokenWanted, useToken } from "../state/session.ts";
import { View } from "./view.tsx";

/** Asks for a token. */
export function TokenForm({ wanted }: { readonly wanted: TokenWanted }) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    const text = String(new FormData(event.currentTarget).get("token") ?? "").trim();
    if (text !== "") useToken(text);
  };
  return (
    <View
      title="This server needs a token"
      lead="It stays in this tab, and is gone when you close it. Reading needs the role subscribe; dead letters and replays need operate."
    >
      {wanted === "refused" && (
        <div class="problem" role="alert">
          <strong>The token was refused.</strong> It is unknown, expired or revoked.
        </div>
      )}
      <form class="stack" onSubmit={submit}>
        <label>
          Token
          <input name="token" type="password" autocomplete="off" required />
        </label>
        <p>
          Make one where the bus is: <code>waggle token create --role operate</code>
        </p>
        <button type="submit" class="primary">
          Use the token
        </button>
      </form>
    </View>
  );
}
