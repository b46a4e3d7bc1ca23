import { ensure } from "../../scripts/setup.mjs";

/** vitest's global set-up: the processes that tests start run what was built, so it has to be of the sources at hand. */
export default function buildWhereChanged(): Promise<void> {
  return ensure("build");
}
