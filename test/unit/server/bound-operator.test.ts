import { expect, onTestFinished, test } from "vitest";
import { NonRetriableError } from "../../../lib/index.ts";
import { TokenFile } from "../../../lib/server/access/token-file.ts";
import { createToken } from "../../../lib/server/access/tokens.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { serve } from "./serve.ts";

// What such a token may not do at all is in the list of hostile requests.

test("an operator of some types handles the dead letters of these, and others are not there for it", async () => {
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  const file = new TokenFile(`${path}/tokens.json`);
  const now = Date.now();
  const { stored, text } = createToken({ roles: ["operate"], types: ["custom.*"] }, { now, expiresAt: now + 600_000 });
  await file.add(stored, now);
  const { bus, get, send } = await serve({ needsToken: true, tokenFile: file.path });
  const as = { authorization: `Bearer ${text}` };
  const failing = await bus.subscribe({ name: "failing", on: "*", attempts: 1 }, () => {
    throw new NonRetriableError("broken");
  });
  for (const event of [
    await bus.publish({ type: "custom.own", data: {} }),
    await bus.publish({ type: "task.created", data: { taskId: "a" } }),
  ]) {
    await bus.settled(event.metadata.correlationId);
  }
  await failing.close();
  const { deadLetters } = await bus.deadLetters.list();
  const idOf = (type: string) => deadLetters.find(({ event }) => event.type === type)?.id ?? "";
  const [own, other] = [idOf("custom.own"), idOf("task.created")];

  const listed = (await get("/v1/dead-letters?type=custom.*", as)).json;
  expect(listed.deadLetters.map(({ id }: { id: string }) => id)).toEqual([own]);
  expect((await get(`/v1/dead-letters/${own}`, as)).status).toBe(200);
  expect(await get(`/v1/dead-letters/${other}`, as)).toMatchObject({ status: 404, json: { code: "not_found" } });

  const redriven = (await send("POST", "/v1/dead-letters/redrive", { ids: [other, own, "none"] }, as)).json;
  expect(redriven.done).toEqual([own]);
  expect(redriven.failed.map(({ id }: { id: string }) => id).toSorted()).toEqual([other, "none"].toSorted());
  const discarded = (await send("POST", "/v1/dead-letters/discard", { ids: [other] }, as)).json;
  expect(discarded).toMatchObject({ done: [], failed: [{ id: other }] });
  expect((await bus.deadLetters.list()).deadLetters.map(({ id }) => id)).toEqual([other]);
});
