import { expect, onTestFinished, test } from "vitest";
import { crewProject, startCrew } from "./crew.ts";

test("npm start -- --keep leaves the page open after the work, until Ctrl-C", async () => {
  const project = await crewProject();
  onTestFinished(() => project.remove());
  await project.write("notes/may.md", "# May\n\nAda met Bo in Kyoto.\n");
  let url = "";
  const asked: Promise<unknown[]>[] = [];
  const run = startCrew(project.path, ["--keep", "--engine", "memory", "notes"], (line) => {
    url = /serving the bus on (http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1] ?? url;
    if (!line.includes("the page stay; Ctrl-C ends")) return;
    const page = fetch(`${url}/flows`).then((response) => [response.status, response.headers.get("content-type")]);
    const flows = fetch(`${url}/v1/flows`).then(async (response) => [Object(await response.json()).flows?.[0]?.status]);
    asked.push(page, flows);
    void Promise.allSettled(asked).then(() => run.kill("SIGINT"));
  });
  const { code, stderr, stdout } = await run.ended;
  expect(await Promise.all(asked)).toEqual([[200, "text/html; charset=utf-8"], ["completed"]]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain("Read 1 document");
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
});
