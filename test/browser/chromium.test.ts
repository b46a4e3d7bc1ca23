import { expect, onTestFinished, test } from "vitest";
import { findChromium, startBrowser } from "../support/chromium.ts";

const found = await findChromium();

test.skipIf(found.missing)("the browser of the tests runs a page and draws its text", async () => {
  const browser = await startBrowser(found);
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  await page.setContent("<h1>Waggle</h1><p></p><script>document.querySelector('p').textContent = 6 * 7</script>");
  expect(await page.textContent("p")).toBe("42");
  const [drawn, blank] = [await page.screenshot(), await page.setContent("").then(() => page.screenshot())];
  expect(drawn.equals(blank)).toBe(false);
});
