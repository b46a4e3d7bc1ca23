import { expect, test } from "vitest";
import { omittable } from "../../../lib/cdk/omit.ts";
import { emulatorVariables, targets } from "../../aws/rig/targets.ts";
import { upLines } from "../../aws/rig/up-lines.ts";

const endpoint = "http://127.0.0.1:4566";

test("what `--up` prints is enough for every client, the AWS CLI and the next deployment", () => {
  const context = { bus: "agents", omit: targets.ministack.omit.join(",") };
  const [exported = "", deploy = ""] = upLines({ variables: emulatorVariables(endpoint), context });
  const region = ["AWS_REGION", "AWS_DEFAULT_REGION", "CDK_DEFAULT_REGION"].map((name) => `${name}=us-east-1`);
  const others = [
    `AWS_ENDPOINT_URL=${endpoint}`,
    "AWS_ACCESS_KEY_ID=test",
    "AWS_SECRET_ACCESS_KEY=test",
    "CDK_DEFAULT_ACCOUNT=000000000000",
  ];
  expect(exported.split(" ").toSorted()).toEqual(["export", ...region, ...others].toSorted());
  expect(deploy).toBe(
    `npx cdk deploy --all --require-approval never -c bus=agents -c omit=${targets.ministack.omit.join(",")}`,
  );
  for (const part of targets.ministack.omit) expect(omittable).toContain(part);
});

test("in an account nothing is left out", () => {
  const [deploy] = upLines({ variables: {}, context: { bus: "agents", omit: "" } });
  expect(deploy).toBe("npx cdk deploy --all --require-approval never -c bus=agents");
});

test("a value is one word of the shell, whatever it holds", () => {
  const [exported, deploy] = upLines({ variables: { NAME: "it's $HOME" }, context: { "alarm-email": "a@b.c; d" } });
  expect(exported).toBe(`export NAME='it'\\''s $HOME'`);
  expect(deploy).toBe("npx cdk deploy --all --require-approval never -c 'alarm-email=a@b.c; d'");
});
