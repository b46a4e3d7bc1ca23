import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root, withLock } from "../../../scripts/setup.mjs";

/** Where the broker is installed; `node_modules` is ignored by git and by every tool of the project. */
const cache = join(root, "node_modules", ".cache", "waggle-kafka");
const pom = new URL("./pom.xml", import.meta.url).pathname;
/** What a broker of Kafka 4 needs. */
const oldestJava = 17;

/** Why no broker can be run here; `undefined` where one can. */
export function missingForKafka(): string | undefined {
  const java = spawnSync("java", ["-version"], { encoding: "utf8" });
  const version = /version "(\d+)/.exec(java.stderr ?? "")?.[1];
  if (java.status !== 0 || version === undefined) return "there is no Java on this machine";
  if (Number(version) < oldestJava) return `Java ${version} is too old: Kafka 4 needs ${oldestJava}`;
  if (existsSync(mark) || spawnSync("mvn", ["-v"]).status === 0) return undefined;
  return "there is no Maven on this machine to get the broker with";
}

const mark = join(cache, "installed");

/** The class path of the broker, which Maven copies to the cache the first time. */
export async function brokerClassPath(): Promise<string> {
  const wanted = await readFile(pom, "utf8");
  const isThere = async () => existsSync(mark) && (await readFile(mark, "utf8")) === wanted;
  if (!(await isThere())) {
    await withLock(async () => {
      if (await isThere()) return;
      process.stderr.write("kafka tests: getting the broker with Maven …\n");
      await rm(cache, { recursive: true, force: true });
      await mkdir(cache, { recursive: true });
      const goal = ["dependency:copy-dependencies", `-DoutputDirectory=${join(cache, "lib")}`];
      const got = spawnSync("mvn", ["-q", "-B", "-f", pom, ...goal], { encoding: "utf8", timeout: 300_000 });
      if (got.status !== 0) throw new Error(`mvn failed: ${(got.stdout + got.stderr).trim().slice(0, 1_000)}`);
      await writeFile(`${mark}.part`, wanted);
      await rename(`${mark}.part`, mark);
    });
  }
  return join(cache, "lib", "*");
}
