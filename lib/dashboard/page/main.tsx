// What the browser runs: `bundle-page.ts` makes one file of it.
import { render } from "preact";
import { App } from "./app.tsx";
import { startRouter } from "./state/router.ts";

const root = document.getElementById("app");
if (root !== null) {
  startRouter();
  render(<App />, root);
}
