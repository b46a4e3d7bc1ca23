import type { Omittable } from "../../../lib/cdk/omit.ts";
import type { Account } from "./confirm-account.ts";
import { startLocalstack } from "./localstack.ts";
import { type Emulator, startMinistack } from "./ministack.ts";
import { say } from "./say.ts";
import { withoutAws } from "./server.ts";

/** Where the tests can run. */
export const targetNames = ["ministack", "localstack", "account"] as const;
export type TargetName = (typeof targetNames)[number];

/** Where the tests of this process run; the runner says so. */
export const target: TargetName = targetNames.find((name) => name === process.env.TEST_AWS_TARGET) ?? "ministack";

/** Whether functions run as processes of this machine, and see its files: so on every emulator that the runner starts. */
export const functionsRunHere = process.env.TEST_AWS_PYTHON !== undefined;

/** A cloud, or what stands in for one. */
export interface Target {
  readonly name: TargetName;
  /** What is left out of the stacks, since it refuses it: each has a line in the list of its limits. */
  readonly omit: readonly Omittable[];
  /** Where it has to be started first. */
  start?(signal: AbortSignal): Promise<Emulator>;
}

export const targets: Readonly<Record<TargetName, Target>> = {
  ministack: {
    name: "ministack",
    omit: ["archive", "bus-policy", "composite-alarm", "metric-math"],
    start: (signal) => startMinistack({ auth: false, signal }),
  },
  localstack: {
    name: "localstack",
    omit: ["archive", "dashboard", "auto-delete"],
    start: async (signal) => {
      const { AWS_ENDPOINT_URL: endpoint } = process.env;
      if (endpoint === undefined || endpoint === "") return startLocalstack({ signal });
      say(`AWS_ENDPOINT_URL is ${endpoint}: using what runs there`);
      return { endpoint, python: undefined, stop: async () => {} };
    },
  },
  account: { name: "account", omit: [] },
};

/** What an SDK client and the CDK need to find an emulator, and nothing of a real account. */
export function emulatorEnvironment({ endpoint, python }: Emulator): NodeJS.ProcessEnv {
  return {
    ...withoutAws(),
    ...emulatorVariables(endpoint),
    ...(python === undefined ? {} : { TEST_AWS_PYTHON: python }),
  };
}

/** What SDKs, the AWS CLI and the CDK need to find an emulator. */
export function emulatorVariables(endpoint: string): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    ...regionVariables("us-east-1"),
    CDK_DEFAULT_ACCOUNT: "000000000000",
  };
}

/** The SDK for JavaScript reads the first, the AWS CLI and the SDKs of other languages the second, the stacks the third. */
function regionVariables(region: string): Readonly<Record<string, string>> {
  return { AWS_REGION: region, AWS_DEFAULT_REGION: region, CDK_DEFAULT_REGION: region };
}

/** What sends the CDK and every client where `account` says: the CDK looks for the Region in more places than they do. */
export function accountVariables(account: Account | undefined): Readonly<Record<string, string>> {
  if (account === undefined) return {};
  return { ...regionVariables(account.region), CDK_DEFAULT_ACCOUNT: account.account };
}
