import { type PagePath, pagePaths } from "../../page-paths.ts";

/** Where the page is. */
export interface Place {
  readonly view: PagePath | undefined;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}

/** The view of a URL's path and query; no view where there is none. */
export function placeOf(pathname: string, search: string): Place {
  const query = new URLSearchParams(search);
  for (const view of pagePaths) {
    const names = [...view.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
    const found = new RegExp(`^${view.replace(/\{\w+\}/g, "([^/]+)")}$`).exec(pathname);
    if (found === null) continue;
    return { view, query, params: Object.fromEntries(names.map((name, index) => [name, decoded(found[index + 1])])) };
  }
  return { view: undefined, params: {}, query };
}

/** A URL of the page: `urlOf("/flows/{id}", { id }, { tab: "tree" })`. What is undefined or empty is left out of the query. */
export function urlOf(
  view: PagePath,
  params: Readonly<Record<string, string>> = {},
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const path = view.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));
  const given = Object.entries(query).filter((entry): entry is [string, string] => (entry[1] ?? "") !== "");
  const search = new URLSearchParams(given).toString();
  return search === "" ? path : `${path}?${search}`;
}

function decoded(text = ""): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
