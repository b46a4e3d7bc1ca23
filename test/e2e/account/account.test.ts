import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, type MockInstance, test, vi } from "vitest";
import { confirmAccount } from "../../aws/rig/confirm-account.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const runner = fileURLToPath(new URL("../../aws/run.ts", import.meta.url));
const account = "123456789012";

describe("npm run test:account, before anything is made", () => {
  test.each([
    ["no Region", {}, /^aws tests: no Region is set: set AWS_REGION, .*\n$/],
    [
      "no credentials",
      { AWS_REGION: "eu-west-1" },
      /^aws tests: the account: .*Could not load credentials.*; check the credentials and what they grant\n$/,
    ],
    [
      "an emulator's address",
      { AWS_REGION: "eu-west-1", AWS_ENDPOINT_URL: "http://127.0.0.1:4566" },
      /^aws tests: AWS_ENDPOINT_URL is http:\/\/127\.0\.0\.1:4566, which is no account: unset it, .*\n$/,
    ],
  ])("ends with 1 and one line that says what to do where there is %s", async (_, variables, line) => {
    const { path, remove } = await temporaryDirectory();
    // No profile of this machine, and no instance's own credentials.
    const env = { HOME: path, AWS_EC2_METADATA_DISABLED: "true", ...variables };
    const ended = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile(process.execPath, [runner, "account"], { env }, (error, _stdout, stderr) =>
        resolve({ code: error?.code, stderr }),
      );
    });
    await remove();
    expect(ended).toEqual({ code: 1, stderr: expect.stringMatching(line) });
  });
});

describe("what test:account asks", () => {
  let folder: string;
  let remove: () => Promise<void>;
  let said = "";
  let stderr: MockInstance<typeof process.stderr.write>;

  beforeAll(async () => {
    stderr = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
      said += text;
      return true;
    });
    ({ path: folder, remove } = await temporaryDirectory());
    const types = ["AWS::SQS::Queue", "AWS::SQS::Queue", "AWS::Lambda::Function"];
    const Resources = Object.fromEntries(types.map((Type, index) => [`R${index}`, { Type }]));
    await mkdir(join(folder, "asset"));
    await writeFile(join(folder, "agents-dev-bus.template.json"), JSON.stringify({ Resources }));
  });
  afterAll(async () => {
    stderr.mockRestore();
    await remove();
  });

  /** Asks, types this, and ends the input. */
  async function ask(answer: string, { isTTY = true, yes = false } = {}): Promise<string> {
    said = "";
    const input = Object.assign(new PassThrough(), { isTTY });
    input.end(answer);
    const assemblies = [{ folder, remove: async () => {} }];
    const { signal } = new AbortController();
    return confirmAccount({ account, region: "eu-west-1", assemblies, yes, signal, input }).then(
      () => "confirmed",
      ({ code, message }) => `${code}: ${message}`,
    );
  }

  test("names the account, the Region and what will be made, and takes the account's number for an answer", async () => {
    expect(await ask(`${account}\n`)).toBe("confirmed");
    expect(said).toContain(`account ${account}, Region eu-west-1.`);
    expect(said).toContain("agents-dev-bus: 2 SQS, 1 Lambda\n");
  });

  test.each([
    ["a yes", "yes\n"],
    ["an empty line", "\n"],
    ["another account", "210987654321\n"],
    ["the end of the input", ""],
  ])("takes no other answer: %s", async (_, answer) => {
    expect(await ask(answer)).toBe(`aborted: that is not ${account}: nothing was made`);
  });

  test("asks nobody where there is no terminal, unless it was confirmed beforehand", async () => {
    expect(await ask(`${account}\n`, { isTTY: false })).toMatch(/^invalid_config: nobody can be asked .* give --yes/);
    expect(await ask("", { isTTY: false, yes: true })).toBe("confirmed");
  });
});
