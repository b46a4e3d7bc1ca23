import { expect, onTestFinished, test } from "vitest";
import { projectFolder } from "../../support/project-folder.ts";
import { startWaggle } from "./dev.ts";

test("waggle dev serves the bus over HTTP, so that any program can publish to what runs", async () => {
  const here = await projectFolder();
  onTestFinished(() => here.remove());
  await here.write(
    "functions/greeter/subscription.ts",
    'import { defineSubscription } from "wagglebus"; export default defineSubscription({ name: "greeter", on: "custom.arrived" });',
  );
  await here.write("functions/greeter/handler.ts", "export default () => {};");
  let url = "";
  const run = startWaggle(here.path, ["dev", "--port", "0"], (text) => {
    url = /serving the bus on (http:\/\/127\.0\.0\.1:\d+)/.exec(text)?.[1] ?? url;
    if (text.startsWith("waiting for events")) {
      void fetch(`${url}/v1/events`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: '{"type":"custom.arrived","data":{"name":"Ada"}}',
      });
    }
    if (text.startsWith("done in greeter")) run.kill("SIGINT");
  });
  const { code, stdout } = await run.ended;
  expect(code).toBe(130);
  expect(stdout).toMatch(/^done in greeter: custom\.arrived/m);
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
});
