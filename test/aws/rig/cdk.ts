import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../../../scripts/setup.mjs";
import { cache } from "./python.ts";
import { runProgram } from "./run-program.ts";

const cli = join(root, "node_modules", "aws-cdk", "bin", "cdk");

export interface CdkOptions {
  /** Says which account, Region and endpoint. */
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** A synthesised app, ready to be deployed any number of times. */
export interface Assembly {
  readonly folder: string;
  remove(): Promise<void>;
}

/** The CDK's own command, on assemblies made beforehand. */
export class Cdk {
  readonly #options: CdkOptions;

  constructor(options: CdkOptions) {
    this.#options = options;
  }

  async bootstrap(account: string, region: string): Promise<void> {
    await this.#run(["bootstrap", `aws://${account}/${region}`]);
  }

  /** Runs an app: a file of this project. `context` as `-c` gives it. */
  async synth(app: string, context: Readonly<Record<string, string>>): Promise<Assembly> {
    const folder = await mkdtemp(join(cache, "assembly-"));
    const env = { ...this.#options.env, CDK_OUTDIR: folder, CDK_CONTEXT_JSON: JSON.stringify(context) };
    await runProgram(process.execPath, [app], { cwd: root, env, signal: this.#options.signal });
    return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
  }

  /** All stacks of an assembly, those that do not need each other side by side. */
  async deploy({ folder }: Assembly): Promise<void> {
    await this.#run(["deploy", "--all", "--app", folder, "--require-approval", "never", "--concurrency", "4"]);
  }

  async destroy({ folder }: Assembly): Promise<void> {
    await this.#run(["destroy", "--all", "--app", folder, "--force"]);
  }

  /** What a deployment would change in a stack. */
  diff({ folder }: Assembly, stack: string): Promise<string> {
    return this.#run(["diff", "--app", folder, stack]);
  }

  #run(args: readonly string[]): Promise<string> {
    const { env, signal } = this.#options;
    const always = ["--no-notices", "--no-version-reporting", "--ci", "--no-color"];
    return runProgram(process.execPath, [cli, ...args, ...always], { cwd: cache, env, signal });
  }
}
