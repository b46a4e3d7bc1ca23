import { useState } from "preact/hooks";
import { plural } from "../format.ts";
import { Problem } from "../parts/problem.tsx";
import { Nothing, Scrolling, View } from "../parts/view.tsx";
import { useAnswer } from "../state/hooks.ts";
import { urlOf } from "../state/places.ts";
import { listOf } from "../state/read.ts";

/** A type in the list. */
export interface CatalogEntry {
  readonly type: string;
  readonly version: number;
  readonly description: string;
  readonly history: boolean;
}

/** Types that are shown at once. */
const mostShown = 300;

/** What can be published. */
export function Catalog() {
  const { value, error } = useAnswer("/v1/catalog", (answer) => ({
    open: answer.open === true,
    types: listOf<CatalogEntry>(answer.types, "type", "version", "description", "history"),
  }));
  const [wanted, setWanted] = useState("");
  const found = value?.types.filter(({ description, type }) =>
    `${type} ${description}`.toLowerCase().includes(wanted.toLowerCase()),
  );
  return (
    <View
      title="Catalog"
      lead={
        value?.open === true
          ? "The types of this bus. The catalog is open: others are accepted, too."
          : "The types of this bus. Other types are refused, except custom.*."
      }
    >
      {error !== undefined && value === undefined && <Problem error={error} what="The catalog cannot be shown." />}
      <div class="filter">
        <div class="field">
          <label for="find">Find</label>
          <input
            id="find"
            value={wanted}
            onInput={({ currentTarget }) => setWanted(currentTarget.value)}
            spellcheck={false}
          />
        </div>
        <a class="button" href={urlOf("/catalog/{type}", { type: "custom.test" })}>
          Publish a custom event
        </a>
      </div>
      {found?.length === 0 && <Nothing>No type matches.</Nothing>}
      {found !== undefined && found.length > 0 && (
        <>
          <p class="note" role="status">
            {plural(found.length, "type")}
          </p>
          <Scrolling label="Types">
            <table>
              <thead>
                <tr>
                  <th scope="col">Type</th>
                  <th scope="col" class="number">
                    Version
                  </th>
                  <th scope="col">Description</th>
                </tr>
              </thead>
              <tbody>
                {found.slice(0, mostShown).map(({ description, history, type, version }) => (
                  <tr key={type}>
                    <td>
                      <a class="type" href={urlOf("/catalog/{type}", { type })}>
                        {type}
                      </a>
                    </td>
                    <td class="number">{version}</td>
                    <td>
                      {description}
                      {!history && " History does not keep it."}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scrolling>
        </>
      )}
    </View>
  );
}
