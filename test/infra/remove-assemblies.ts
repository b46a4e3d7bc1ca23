import { afterAll } from "vitest";
import { removeAssemblies } from "./synthesis.ts";

// A set-up file, since test files share the module of synthesis.ts: a hook in there would run after the first of them alone.
afterAll(removeAssemblies);
