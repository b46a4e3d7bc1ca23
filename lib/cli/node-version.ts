/** As `engines` of package.json says. */
export const oldestNode = "22.18.0";

/** Why this Node cannot run the command; `undefined` where it can. Imports nothing, so that any Node can ask. */
export function tooOldNode(version: string): string | undefined {
  const numbers = (text: string) => text.split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = numbers(oldestNode);
  const [major = 0, minor = 0] = numbers(version);
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return undefined;
  return `waggle needs Node ${oldestMajor}.${oldestMinor} or later, and this is ${version}; install a newer one (https://nodejs.org)`;
}
