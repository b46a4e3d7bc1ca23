import { existsSync } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../../../scripts/setup.mjs";
import { cache } from "./python.ts";

/**
 * A folder of modules for `NODE_PATH`: what Lambda's own Node has besides a function's code, the AWS SDK. The CDK's functions
 * `require` it; those of subscribers carry their own and, as ES modules, do not see this one.
 */
export async function lambdaModules(): Promise<string> {
  const folder = join(cache, "lambda-modules");
  await mkdir(folder, { recursive: true });
  const link = join(folder, "@aws-sdk");
  // Another emulator may start at the same time.
  await symlink(join(root, "node_modules", "@aws-sdk"), link).catch((thrown: unknown) => {
    if (!existsSync(link)) throw thrown;
  });
  return folder;
}
