import type { ComponentChild } from "preact";
import type { PagePath } from "../page-paths.ts";
import { Lookup } from "./parts/lookup.tsx";
import { ServerStatus } from "./parts/server-status.tsx";
import { TokenForm } from "./parts/token-form.tsx";
import { View } from "./parts/view.tsx";
import { useStore } from "./state/hooks.ts";
import type { Place } from "./state/places.ts";
import { place } from "./state/router.ts";
import { token, tokenWanted, useToken } from "./state/session.ts";
import { Live } from "./views/live.tsx";

const views: Readonly<Partial<Record<PagePath, (place: Place) => ComponentChild>>> = {
  "/": ({ query }) => <Live query={query} />,
  "/live": ({ query }) => <Live query={query} />,
};

const menu: readonly { readonly path: PagePath; readonly text: string; readonly also?: readonly PagePath[] }[] = [
  { path: "/live", text: "Live", also: ["/", "/events/{id}"] },
];

/** The whole page: a head that is always there, and the view of the URL. */
export function App() {
  const here = useStore(place);
  const wanted = useStore(tokenWanted);
  return (
    <>
      <a class="skip" href="#view">
        Skip to the view
      </a>
      <header>
        <a class="logo" href="/live">
          <span aria-hidden="true">⬡</span> Waggle
        </a>
        <nav aria-label="Views">
          <ul>
            {menu.map(({ path, text, also = [] }) => (
              <li key={path}>
                <a
                  href={path}
                  {...(here.view !== undefined && [path, ...also].includes(here.view)
                    ? { "aria-current": "page" }
                    : {})}
                >
                  {text}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <Lookup />
        <TokenButton />
        <ServerStatus />
      </header>
      <main id="view">{wanted === "no" ? viewOf(here) : <TokenForm wanted={wanted} />}</main>
    </>
  );
}

function viewOf(here: Place): ComponentChild {
  const view = here.view === undefined ? undefined : views[here.view];
  if (view !== undefined) return view(here);
  return (
    <View title="There is no such view" lead="The menu has all views.">
      <p>
        <a href="/live">Go to Live</a>
      </p>
    </View>
  );
}

/** Where a server needs none, there is no token to change. */
function TokenButton() {
  const secret = useStore(token);
  if (secret === undefined) return null;
  return (
    <button
      type="button"
      onClick={() => {
        useToken(undefined);
        tokenWanted.set("missing");
      }}
    >
      Token
    </button>
  );
}
