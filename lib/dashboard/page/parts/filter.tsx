import type { PagePath } from "../../page-paths.ts";
import { urlOf } from "../state/places.ts";
import { go } from "../state/router.ts";

/** A field of a filter. */
export interface FilterField {
  readonly name: string;
  readonly label: string;
  readonly placeholder?: string;
  readonly options?: readonly { readonly value: string; readonly label: string }[];
}

interface FilterProps {
  readonly view: PagePath;
  readonly fields: readonly FilterField[];
  readonly query: URLSearchParams;
  readonly button?: string;
}

/** A filter that lives in the URL, so that what is shown can be shared. */
export function Filter({ view, fields, query, button = "Filter" }: FilterProps) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    const given = new FormData(event.currentTarget);
    const values = fields.map(({ name }) => [name, String(given.get(name) ?? "").trim()]);
    go(urlOf(view, {}, Object.fromEntries(values)));
  };
  return (
    // The key has the fields show what the URL says after a step back.
    <form class="filter" onSubmit={submit} key={query.toString()}>
      {fields.map(({ name, label, placeholder, options }) => (
        <div class="field" key={name}>
          <label for={`filter-${name}`}>{label}</label>
          {options === undefined ? (
            <input
              id={`filter-${name}`}
              name={name}
              defaultValue={query.get(name) ?? ""}
              placeholder={placeholder ?? ""}
              spellcheck={false}
            />
          ) : (
            <select id={`filter-${name}`} name={name} defaultValue={query.get(name) ?? ""}>
              {options.map((option) => (
                <option key={option.value} value={option.value}>
                  {option.label}
                </option>
              ))}
            </select>
          )}
        </div>
      ))}
      <button type="submit">{button}</button>
      {query.size > 0 && (
        <a class="button" href={urlOf(view)}>
          Clear
        </a>
      )}
    </form>
  );
}
