import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { missingPackage } from "../../../../lib/engines/aws/missing-package.ts";

/** What Node itself says of a package that is not there. */
const said = execFileSync(
  process.execPath,
  [
    "--input-type=module",
    "-e",
    `await import("@wagglebus/absent").catch((e) => console.log(e.code + " " + e.message))`,
  ],
  { encoding: "utf8" },
);

function thrownFor(name: string): Error {
  const [code, ...words] = said.trim().split(" ");
  return Object.assign(new Error(words.join(" ").replace("@wagglebus/absent", name)), { code });
}

test("a client that is not installed is named, with the line that installs all that are needed", () => {
  expect(missingPackage(thrownFor("@aws-sdk/client-sqs"))).toMatchObject({
    code: "invalid_config",
    message:
      "the aws engine needs @aws-sdk/client-sqs, which is not installed; run: npm i @aws-sdk/client-eventbridge @aws-sdk/client-sqs @aws-sdk/client-dynamodb @aws-sdk/client-ssm",
  });
});

test("one that is rarely needed is installed alone", () => {
  expect(missingPackage(thrownFor("@aws-sdk/client-s3"))?.message).toMatch(/run: npm i @aws-sdk\/client-s3$/);
});

test("any other failure is left alone", () => {
  expect(missingPackage(new Error("boom"))).toBeUndefined();
  expect(missingPackage(Object.assign(new Error("no"), { code: "ERR_MODULE_NOT_FOUND" }))).toBeUndefined();
});
