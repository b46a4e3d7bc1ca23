import { urlOf } from "../state/places.ts";
import { go } from "../state/router.ts";

/** Opens a flow by its correlation id, or by the id of one of its events. */
export function Lookup() {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    const id = String(new FormData(event.currentTarget).get("id") ?? "").trim();
    if (id !== "") go(urlOf("/flows/{id}", { id }));
  };
  return (
    <form class="lookup" onSubmit={submit}>
      <input name="id" aria-label="Id of an event or a flow" placeholder="Event or flow id" spellcheck={false} />
      <button type="submit">Open</button>
    </form>
  );
}
