import type { ComponentChild } from "preact";
import type { PagePath } from "../page-paths.ts";
import { AlertBadge } from "./parts/alert-badge.tsx";
import { Lookup } from "./parts/lookup.tsx";
import { ServerStatus } from "./parts/server-status.tsx";
import { TokenForm } from "./parts/token-form.tsx";
import { View } from "./parts/view.tsx";
import { useStore } from "./state/hooks.ts";
import type { Place } from "./state/places.ts";
import { place } from "./state/router.ts";
import { token, tokenWanted, useToken } from "./state/session.ts";
import { Agents } from "./views/agents.tsx";
import { Alerts } from "./views/alerts.tsx";
import { Approvals } from "./views/approvals.tsx";
import { Catalog } from "./views/catalog.tsx";
import { CatalogTypeView } from "./views/catalog-type.tsx";
import { DeadLetters } from "./views/dead-letters.tsx";
import { EventView } from "./views/event.tsx";
import { FlowView } from "./views/flow.tsx";
import { Flows } from "./views/flows.tsx";
import { Live } from "./views/live.tsx";
import { Replay } from "./views/replay.tsx";
import { Subscriptions } from "./views/subscriptions.tsx";
import { Why } from "./views/why.tsx";

const views: Readonly<Record<PagePath, (place: Place) => ComponentChild>> = {
  "/": ({ query }) => <Live query={query} />,
  "/live": ({ query }) => <Live query={query} />,
  "/flows": ({ query }) => <Flows query={query} />,
  "/flows/{id}": ({ params: { id = "" } }) => <FlowView key={id} id={id} />,
  "/events/{id}": ({ params: { id = "" } }) => <EventView key={id} id={id} />,
  "/approvals": () => <Approvals />,
  "/alerts": () => <Alerts />,
  "/agents": () => <Agents />,
  "/subscriptions": () => <Subscriptions />,
  "/dead-letters": ({ query }) => <DeadLetters query={query} />,
  "/replay": ({ query }) => <Replay key={query.toString()} query={query} />,
  "/catalog": () => <Catalog />,
  "/catalog/{type}": ({ params: { type = "" } }) => <CatalogTypeView key={type} type={type} />,
  "/why": ({ query }) => <Why query={query} />,
};

const menu: readonly { readonly path: PagePath; readonly text: string; readonly also?: readonly PagePath[] }[] = [
  { path: "/live", text: "Live", also: ["/"] },
  { path: "/flows", text: "Flows", also: ["/flows/{id}", "/events/{id}"] },
  { path: "/approvals", text: "Approvals" },
  { path: "/alerts", text: "Alerts" },
  { path: "/dead-letters", text: "Dead letters" },
  { path: "/subscriptions", text: "Subscriptions" },
  { path: "/agents", text: "Agents" },
  { path: "/replay", text: "Replay" },
  { path: "/catalog", text: "Catalog", also: ["/catalog/{type}"] },
  { path: "/why", text: "Why?" },
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
        <AlertBadge />
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
