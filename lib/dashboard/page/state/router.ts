import { type Place, placeOf } from "./places.ts";
import { createStore } from "./store.ts";

const here = () => placeOf(location.pathname, location.search);

/** Where the page is now. */
export const place = createStore<Place>(here());

/** Goes to a URL of the page. `replace`: without a step in the browser's history, as for a filter that changes. */
export function go(url: string, { replace = false }: { readonly replace?: boolean } = {}): void {
  if (replace) history.replaceState(null, "", url);
  else history.pushState(null, "", url);
  place.set(here());
}

/** Follows the browser's back and forward, and turns clicks on the page's own links into steps within the page. */
export function startRouter(): void {
  addEventListener("popstate", () => place.set(here()));
  document.addEventListener("click", (click) => {
    if (
      click.defaultPrevented ||
      click.button !== 0 ||
      click.metaKey ||
      click.ctrlKey ||
      click.shiftKey ||
      click.altKey
    ) {
      return;
    }
    const link = click.target instanceof Element ? click.target.closest("a[href]") : null;
    if (!(link instanceof HTMLAnchorElement) || link.target !== "" || link.origin !== location.origin) return;
    // Within the view: the browser goes there, and takes the focus along.
    if (link.hash !== "") return;
    const { view } = placeOf(link.pathname, link.search);
    if (view === undefined) return;
    click.preventDefault();
    go(link.pathname + link.search);
    scrollTo(0, 0);
  });
}
