/** The oldest supported Node, the same as in `engines` of package.json. */
export const oldestNode = "22.18.0";

/**
 * Returns the error message if a version of Node cannot run the command, or else `undefined`. This module imports nothing, so
 * that it loads in any Node.
 */
export function tooOldNode(version: string): string | undefined {
  const numbers = (text: string) => text.split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = numbers(oldestNode);
  const [major = 0, minor = 0] = numbers(version);
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return undefined;
  return `waggle requires Node ${oldestMajor}.${oldestMinor} or later, but this is Node ${version}; install a newer one (https://nodejs.org)`;
}
