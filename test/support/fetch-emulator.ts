import { emulatorMissing, fetchEmulator } from "./dynamo-emulator.ts";

/**
 * vitest's global set-up: fetches the DynamoDB emulator once, before the tests and without their time limit. Where that fails,
 * the tests that need it try it themselves and say why.
 */
export default async function fetchOnce(): Promise<void> {
  if (emulatorMissing === undefined) await fetchEmulator().catch(() => {});
}
