import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const screen = fileURLToPath(new URL("../../../../lib/cli/output/screen.ts", import.meta.url));

test("a hang-up gives the terminal back, and ends the process as a hang-up does", async () => {
  const program = `import { Screen } from ${JSON.stringify(screen)};
import { writeSync } from "node:fs";
new Screen({ rows: 10, write: (text) => writeSync(1, text) }).draw("shown");
setInterval(() => {}, 1_000);
process.stderr.write("ready");`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "pipe"] });
  const written = text(child.stdout);
  const closed = once(child, "close");
  await once(child.stderr, "data");
  child.kill("SIGHUP");
  expect(await closed).toEqual([null, "SIGHUP"]);
  expect((await written).endsWith("\u001b[?7h\u001b[?25h\u001b[?1049l")).toBe(true);
});
