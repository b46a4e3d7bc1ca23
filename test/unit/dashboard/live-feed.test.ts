import { expect, test } from "vitest";
import { LiveFeed, mostRows } from "../../../lib/dashboard/page/state/live-feed.ts";
import { anEvent } from "../../support/an-event.ts";

function aFeed() {
  const clock = { now: 1_000_000 };
  const feed = new LiveFeed(() => clock.now);
  const keys = () => feed.state.rows.map(({ key }) => key);
  return { clock, feed, keys };
}

const aPiece = (id: string, content: string, streamId: string) =>
  anEvent({ id, type: "llm.text.delta", data: { content }, metadata: { streamId } });

test("the newest is first, what came twice is there once, and no more than a screen can hold is kept", () => {
  const { feed, keys } = aFeed();
  for (let n = 0; n < mostRows + 5; n += 1) feed.add(anEvent({ id: `e${n}` }));
  feed.add(anEvent({ id: `e${mostRows}` }));
  expect(keys()).toHaveLength(mostRows);
  expect(keys()[0]).toBe(`e${mostRows + 4}`);
  expect(feed.state.seen).toBe(mostRows + 5);
});

test("what history has goes below what came meanwhile, which it has too", () => {
  const { feed, keys } = aFeed();
  feed.add(anEvent({ id: "new" }));
  feed.addOlder([anEvent({ id: "new" }), anEvent({ id: "old" }), anEvent({ id: "older" })]);
  expect(keys()).toEqual(["new", "old", "older"]);
});

test("the pieces of a text are one row that stays where it began; two texts stay apart", () => {
  const { feed, keys } = aFeed();
  feed.add(aPiece("1", "Once ", "a"));
  feed.add(anEvent({ id: "e" }));
  feed.add(aPiece("2", "Twice", "b"));
  feed.add(aPiece("3", "upon", "a"));
  expect(keys()).toEqual(["llm.text.delta b", "e", "llm.text.delta a"]);
  expect(feed.state.rows[2]).toMatchObject({ kind: "text", text: "Once upon", pieces: 2, cut: false });
  feed.add(aPiece("4", "x".repeat(5_000), "a"));
  expect(feed.state.rows[2]).toMatchObject({ text: "x".repeat(4_000), cut: true });
  feed.dropTexts();
  expect(keys()).toEqual(["e"]);
});

test("paused it stands still and counts; then it shows what came", () => {
  const { feed, keys } = aFeed();
  feed.add(anEvent({ id: "before" }));
  feed.pause();
  feed.add(anEvent({ id: "meanwhile" }));
  expect(keys()).toEqual(["before"]);
  expect(feed.state).toMatchObject({ paused: true, held: 1 });
  feed.resume();
  expect(keys()).toEqual(["meanwhile", "before"]);
  expect(feed.state).toMatchObject({ paused: false, held: 0 });
});

test("the rate is that of the last ten seconds", () => {
  const { clock, feed } = aFeed();
  clock.now += 20_000;
  for (let n = 0; n < 50; n += 1) feed.add(anEvent({ id: `e${n}` }));
  expect(feed.state.rate).toBe(5);
  clock.now += 11_000;
  expect(feed.state.rate).toBe(0);
});
