import { expect, test } from "vitest";
import { busyBus, hostile } from "./busy-bus.ts";
import { axeProblems, found, newPage, useBrowser } from "./page-rig.ts";

useBrowser();

/** Each view, and what it has to show. */
const views = (flow: string, event: string): [path: string, text: string][] => [
  ["/", "workflow.started"],
  ["/live?type=workflow.*", "workflow.started"],
  ["/flows", "running"],
  [`/flows/${flow}`, "Who caused what"],
  [`/events/${event}`, "task-2 cannot be read"],
  ["/dead-letters", "Redrive 1"],
  ["/subscriptions", "archive"],
  ["/approvals", "Publish the notes?"],
  ["/alerts", "the flow takes: 12 s, limit 10 s"],
  ["/agents", "reader-1"],
  ["/replay", "Count first"],
  ["/catalog", "task.assigned"],
  ["/catalog/task.assigned", "Publish one"],
  ["/why", "Explain"],
];

for (const colorScheme of ["light", "dark"] as const) {
  test.skipIf(found.missing !== undefined)(
    `axe finds nothing in any view, ${colorScheme}, wide or on a phone`,
    async () => {
      const { letter, start, url } = await busyBus();
      const page = await newPage({ colorScheme });
      for (const [path, text] of views(start.id, letter?.event.id ?? "")) {
        await page.goto(url + path);
        await page.getByText(text).first().waitFor();
        for (const width of [1280, 360]) {
          await page.setViewportSize({ width, height: 740 });
          expect(await axeProblems(page), `${path} at ${width}`).toEqual([]);
          // Only tables scroll sideways, the page never.
          expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), `${path} at ${width}`).toBe(
            true,
          );
        }
      }
    },
  );
}

test.skipIf(found.missing !== undefined)(
  "what an event says is shown as text, never as a part of the page",
  async () => {
    const { letter, start, url } = await busyBus();
    const page = await newPage();
    for (const [path, text] of views(start.id, letter?.event.id ?? "")) {
      await page.goto(url + path);
      await page.getByText(text).first().waitFor();
      expect(await page.locator("#app img, #app script, #app iframe").count(), path).toBe(0);
      expect(await page.title(), path).not.toBe("owned");
    }
    await page.goto(`${url}/events/${start.id}`);
    // As JSON shows it.
    await page.getByText(JSON.stringify(hostile).slice(1, -1)).waitFor();
  },
);

test.skipIf(found.missing !== undefined)("a view is reached by the menu, by keyboard, and back again", async () => {
  const { url } = await busyBus();
  const page = await newPage();
  await page.goto(url);
  await page.keyboard.press("Tab");
  expect(await page.locator(":focus").textContent()).toBe("Skip to the view");
  await page.keyboard.press("Enter");
  await page.waitForURL(/#view$/);
  await page.keyboard.press("Tab");
  expect(await page.locator("main :focus").count()).toBe(1);
  await page.getByRole("link", { name: "Subscriptions" }).focus();
  await page.keyboard.press("Enter");
  // A screen reader says where one is: the focus is what a view sets last, after its title.
  await page.locator("h1:focus", { hasText: "Subscriptions" }).waitFor();
  expect(new URL(page.url()).pathname).toBe("/subscriptions");
  expect(await page.title()).toBe("Subscriptions · Waggle");
  expect(await page.locator("nav a[aria-current=page]").textContent()).toBe("Subscriptions");
  await page.goBack();
  await page.getByRole("heading", { level: 1, name: "Live" }).waitFor();
});

test.skipIf(found.missing !== undefined)(
  "a flow tells who caused what, what failed, what waits, and what it cost",
  async () => {
    const { letter, start, url } = await busyBus();
    const page = await newPage();
    await page.goto(`${url}/flows/${start.id}`);
    const nodes = page.getByRole("list", { name: "Events of the flow" }).locator(".node");
    await nodes.nth(3).waitFor();
    expect(await nodes.locator("a").allTextContents()).toEqual(
      expect.arrayContaining(["workflow.started", "task.assigned", "task.completed"]),
    );
    await page.getByText("1 delivery failed for good").waitFor();
    await page.getByText("waits; no process handles it").first().waitFor();
    const cost = page.getByRole("region", { name: "Tokens and cost by agent" }).getByRole("row", { name: /reader-1/ });
    expect(await cost.textContent()).toContain("1,500");
    expect(await page.getByRole("list", { name: "Deliveries over time" }).locator(".piece").count()).toBeGreaterThan(3);
    // By the id of one of its events too.
    await page.getByRole("textbox", { name: "Id of an event or a flow" }).fill(letter?.event.id ?? "");
    await page.getByRole("button", { name: "Open" }).click();
    await page.getByText("1 delivery failed for good").waitFor();
  },
);

test.skipIf(found.missing !== undefined)(
  "every view says that alerts are active, and leads to what they are about; when they are cleared, it no longer does",
  async () => {
    const { bus, start, url } = await busyBus();
    const page = await newPage();
    await page.goto(`${url}/catalog`);
    await page.getByRole("link", { name: "1 alert" }).click();
    const row = page.getByRole("row", { name: /slow-flow/ });
    await row.getByText("waggle-alerts").waitFor();
    await row.getByRole("link", { name: /^flow …/ }).click();
    await page.waitForURL(`${url}/flows/${start.id}`);
    await bus.publish({
      type: "system.performance.alert",
      data: {
        ...{ alert: "slow-flow", metric: "flow.duration", subject: start.id, key: "", severity: "critical" },
        ...{ value: 12_000, threshold: 10_000, state: "cleared" },
      },
    });
    await page.getByRole("link", { name: "1 alert" }).waitFor({ state: "detached" });
    await page.getByRole("link", { name: "Alerts", exact: true }).click();
    await page.getByText("No alert is active.").waitFor();
  },
);
