import { defineConfig } from "vitest/config";

/** What `npm run typecheck` runs: the compiler over everything that tsconfig.json names, and with it the type tests. */
export default defineConfig({
  test: {
    include: [],
    typecheck: { enabled: true, only: true, include: ["test/types/**/*.test-d.ts"], checker: "tsc" },
  },
});
