/**
 * Settings of vitest with which Node loads the files itself, as it does for users, and `wagglebus` means this checkout's sources.
 * What vite loads instead calls whatever it imports through a getter: what computes much then takes twice the time.
 */
export const fromSource = {
  execArgv: ["--import", new URL("run-from-source.ts", import.meta.url).href],
  // Nothing is mocked by its module, which alone would need vitest's own loader.
  experimental: { viteModuleRunner: false, nodeLoader: false },
};
