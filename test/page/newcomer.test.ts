import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { parseLines, spawnWaggle, waggle } from "../e2e/cli/spawn-waggle.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { found, newPage, useBrowser } from "./page-rig.ts";

useBrowser();

const root = fileURLToPath(new URL("../../", import.meta.url));

/** A subscriber that fails until the file `card` is there, and an agent that asks a person before it goes on. */
const functions = {
  billing: [
    'name: "billing", on: "visitor.greeted", attempts: 1',
    `import { access } from "node:fs/promises";
    export default async () => {
      await access("card").catch(() => { throw new Error("there is no card"); });
    };`,
  ],
  editor: [
    'name: "editor", on: "custom.notes.written"',
    `export default async (event, { bus }) => {
      await bus.emit.approval.requested({ approvalId: event.id, question: "Publish the notes?" }, { dedupe: "approval" });
    };`,
  ],
  publisher: [
    'name: "publisher", on: "approval.granted"',
    `export default async ({ data }, { bus }) => {
      await bus.publish({ type: "custom.notes.published", data: { reason: data.reason, by: data.by } });
    };`,
  ],
} as const;

/** A project of \`waggle init\`, as after \`npm install\`, with the functions above. */
async function project(): Promise<string> {
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  expect(await waggle(path, ["init", "my-agents"])).toMatchObject({ code: 0, stderr: "" });
  const folder = join(path, "my-agents");
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  for (const [name, [subscription, handler]] of Object.entries(functions)) {
    mkdirSync(join(folder, "functions", name));
    writeFileSync(
      join(folder, "functions", name, "subscription.ts"),
      `import { defineSubscription } from "wagglebus";\nexport default defineSubscription({ ${subscription} });\n`,
    );
    writeFileSync(join(folder, "functions", name, "handler.js"), handler);
  }
  return folder;
}

/** Runs \`waggle dev\`; gives the address that it prints. */
async function dev(folder: string): Promise<string> {
  const { child, ended, stderr, stdout } = spawnWaggle(folder, ["dev", "--port", "0"]);
  onTestFinished(async () => {
    child.kill("SIGINT");
    await ended;
  });
  const url = await new Promise<string>((resolve, reject) => {
    const look = () => {
      const [address] = /http:\/\/127\.0\.0\.1:\d+/.exec(stdout.text + stderr.text) ?? [];
      if (address !== undefined) resolve(address);
    };
    child.stdout.on("data", look);
    child.stderr.on("data", look);
    void ended.then(() => reject(new Error(`waggle dev has ended: ${stdout.text}${stderr.text}`)));
  });
  return url;
}

async function publish(folder: string, ...args: readonly string[]): Promise<void> {
  expect(await waggle(folder, ["publish", ...args])).toMatchObject({ code: 0, stderr: "" });
}

/** Waits until the page says that a flow has failed. */
async function failedFlow(page: Page, url: string, id: string): Promise<void> {
  await page.goto(`${url}/flows`);
  await page
    .getByRole("row", { name: /failed/ })
    .getByRole("link")
    .first()
    .waitFor();
  await page.goto(`${url}/flows/${id}`);
  await page.getByText("there is no card").first().waitFor();
}

test.skipIf(found.missing !== undefined)(
  "a newcomer: from init to the page, why a task failed and its redrive by command and by page, and an answer to an agent",
  { timeout: 240_000 },
  async () => {
    const folder = await project();
    const url = await dev(folder);
    const page = await newPage();
    await page.goto(url);
    await page.getByText("connected").waitFor();

    // By command: the flow names the reason, the list of dead letters has the id, and the next step is a command that works.
    await publish(folder, "visitor.arrived", '{"name":"Ada"}', "--id", "ada");
    await failedFlow(page, url, "ada");
    const flow = await waggle(folder, ["flow", "ada"]);
    expect(flow.code).toBe(0);
    expect(flow.stdout).toContain("there is no card");
    expect(flow.stderr).toContain("to deliver again: waggle dlq redrive --correlation-id ada\n");
    const [letter] = parseLines((await waggle(folder, ["dlq", "list", "--json"])).stdout);
    expect(letter).toMatchObject({ subscription: "billing", reason: { message: "there is no card" } });
    writeFileSync(join(folder, "card"), "4242");
    expect(await waggle(folder, ["dlq", "redrive", "--correlation-id", "ada"])).toMatchObject({ code: 0 });
    await page.reload();
    await page.getByText("completed").first().waitFor();

    // By page: from the list of flows to the reason, and on to the redrive.
    rmSync(join(folder, "card"));
    await publish(folder, "visitor.arrived", '{"name":"Bo"}', "--id", "bo");
    await failedFlow(page, url, "bo");
    writeFileSync(join(folder, "card"), "4242");
    await page.getByRole("link", { name: /Redrive or discard/ }).click();
    await page.getByRole("checkbox", { name: /^Select visitor\.greeted/ }).check();
    await page.getByRole("button", { name: "Redrive selected" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Redrive 1 dead letter" }).click();
    await page.getByText("1 dead letter was redriven.").waitFor();
    await page.goto(`${url}/flows/bo`);
    await page.getByText("completed").first().waitFor();

    // An agent waits for a person, who answers on the page.
    await publish(folder, "custom.notes.written", "{}", "--id", "notes");
    await page.getByRole("link", { name: "Approvals" }).click();
    await page.getByText("Publish the notes?").waitFor();
    await page.getByRole("button", { name: "Approve" }).click();
    const dialog = page.getByRole("dialog", { name: "Approve it?" });
    await dialog.getByLabel("Reason, which the agent gets").fill("they are right");
    await dialog.getByLabel("Your name").fill("Ada");
    await dialog.getByRole("button", { name: "Approve" }).click();
    await page.getByText("Answered:").waitFor();
    await page.goto(`${url}/flows/notes`);
    await page.getByText("custom.notes.published").first().waitFor();
    const answered = await waggle(folder, ["history", "--type", "custom.notes.published", "--json"]);
    expect(parseLines(answered.stdout)).toMatchObject([{ data: { reason: "they are right", by: "Ada" } }]);
  },
);
