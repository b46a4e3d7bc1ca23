import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { scan } from "../../examples/crew/scan.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

// `npm start` reported that such a file was gone (ENOENT), although it existed. Other systems refuse the name.
test.runIf(process.platform === "linux")("a file whose name is not UTF-8 is skipped with that reason", async () => {
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  writeFileSync(Buffer.concat([Buffer.from(join(path, "bad")), Buffer.from([0xff]), Buffer.from(".md")]), "# Notes");
  const { roots, skipped } = await scan([path], path, new AbortController().signal);
  expect(roots).toEqual([{ root: ".", documents: [] }]);
  expect(skipped).toEqual([{ path: "bad\ufffd.md", why: "its name is not UTF-8; rename it" }]);
});
