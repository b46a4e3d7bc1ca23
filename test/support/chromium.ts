import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";
import { type Browser, chromium } from "playwright-core";

// A browser for the tests of pages: headless Chromium from the npm registry with the libraries and the font that it needs,
// fetched when a test first asks for it. Nothing is installed on the machine, and no right of an administrator is needed.
const packed = "@sparticuz/chromium";
const version = "153.0.0";
const sha256 = "38e1e1649db20fa4ea644bf5987688ce81a4c9eb10e7eae8380b74fc0d699fea";
const cache = new URL("../../node_modules/.cache/", import.meta.url).pathname;
const folder = join(cache, `chromium-${version}`);

/** Where Chromium is and what it is started with; or why there is none here. */
export type Chromium =
  | { readonly executable: string; readonly env: Readonly<Record<string, string>>; readonly missing?: undefined }
  | { readonly missing: string };

/**
 * The program that `WAGGLE_CHROMIUM` names, else the one from the registry, else a Chromium or Chrome on the PATH. Where there is
 * none it says so on stderr and in `missing`, for `test.skipIf`. Await it at the top of a test file, where no time limit holds
 * yet: the first call on a machine fetches 80 MB.
 */
export async function findChromium(): Promise<Chromium> {
  const named = process.env.WAGGLE_CHROMIUM;
  if (named) return { executable: named, env: {} };
  let reason = `${packed} has no binary for ${process.platform} ${process.arch}`;
  if (process.platform === "linux" && process.arch === "x64") {
    try {
      return await fetchChromium();
    } catch (thrown) {
      reason = `${packed}@${version} could not be fetched: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
    }
  }
  const installed = onPath();
  if (installed !== undefined) return { executable: installed, env: {} };
  const missing = `no Chromium is on this machine, so what needs a browser is not tested (${reason}); set WAGGLE_CHROMIUM to one`;
  process.stderr.write(`waggle: ${missing}\n`);
  return { missing };
}

/** Starts it without a window. Whoever starts it closes it; a test does so in `afterAll`. */
export async function startBrowser(found: Chromium): Promise<Browser> {
  if (found.missing !== undefined) throw new Error(found.missing);
  // Its sandbox needs name spaces, which root in a container has not; only pages of the tests are opened.
  const { executable, env } = found;
  return chromium.launch({ executablePath: executable, env: { ...process.env, ...env }, chromiumSandbox: false });
}

function onPath(): string | undefined {
  const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
  const folders = (process.env.PATH ?? "").split(delimiter);
  const apple = ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];
  return [...folders.flatMap((path) => names.map((name) => join(path, name))), ...apple].find(existsSync);
}

/** Several processes may do so at once: the first one's stays. */
async function fetchChromium(): Promise<Chromium> {
  const executable = join(folder, "chromium");
  const found = {
    executable,
    env: { LD_LIBRARY_PATH: join(folder, "lib"), FONTCONFIG_FILE: join(folder, "fonts.conf") },
  };
  if (existsSync(executable)) return found;
  await mkdir(cache, { recursive: true });
  const aside = await mkdtemp(join(cache, "chromium-"));
  try {
    await fetchPackage(aside);
    // Last and as a whole: where the folder is, all that belongs to it is.
    await rename(aside, folder).catch((thrown: unknown) => {
      if (!existsSync(executable)) throw thrown;
    });
    return found;
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

const runProgram = promisify(execFile);

async function fetchPackage(into: string): Promise<void> {
  const install = ["install", "--prefix", into, "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"];
  await runProgram("npm", [...install, `${packed}@${version}`], { cwd: into });
  const inside = join(into, "node_modules", packed, "bin");
  const program = await readFile(join(inside, "chromium.br"));
  if (createHash("sha256").update(program).digest("hex") !== sha256) {
    throw new Error(`it is not the one that these tests were written with (sha256 ${sha256})`);
  }
  await writeFile(join(into, "chromium"), await promisify(brotliDecompress)(program), { mode: 0o755 });
  // The libraries of lib/ are those that a machine without a desktop lacks; swiftshader draws without a graphics card.
  for (const archive of ["al2023", "swiftshader", "fonts"]) {
    const tar = join(into, `${archive}.tar`);
    await writeFile(tar, await promisify(brotliDecompress)(await readFile(join(inside, `${archive}.tar.br`))));
    await runProgram("tar", ["-xf", tar, "-C", into]);
    await rm(tar);
  }
  await writeFile(join(into, "fonts.conf"), fonts);
  await rm(join(into, "node_modules"), { recursive: true });
}

/** The package's own looks for its font where a Lambda has it. */
const fonts = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${join(folder, "fonts")}</dir>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <cachedir>${join(folder, "fonts-cache")}</cachedir>
</fontconfig>
`;
