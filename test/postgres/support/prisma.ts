import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { z } from "zod";

const folder = new URL("../../../node_modules/.cache/prisma/", import.meta.url).pathname;
/** With its tools 300 MB: too much for everybody who works on something else. */
const packages = { prisma: "7.10.1", "@prisma/client": "7.10.0", "@prisma/adapter-pg": "7.10.1" };
const schema = `generator client {
  provider = "prisma-client-js"
  output   = "./client"
}
datasource db {
  provider = "postgresql"
}
model Order {
  id Int @id
}
`;

/** A transaction of Prisma, as far as an adapter needs it. */
export interface PrismaTransaction {
  $queryRawUnsafe(text: string, ...values: unknown[]): Promise<unknown>;
}

export interface PrismaClient extends PrismaTransaction {
  $transaction<Result>(act: (tx: PrismaTransaction) => Promise<Result>): Promise<Result>;
  $disconnect(): Promise<void>;
}

const isClass = (value: unknown) => typeof value === "function";
const clientModule = z.object({ PrismaClient: z.custom<new (options: object) => PrismaClient>(isClass) });
const adapterModule = z.object({ PrismaPg: z.custom<new (options: object) => object>(isClass) });

/** Prisma's client with its adapter for pg, which needs no engine of its own; a text says why it cannot be had. */
export function findPrisma(): ((url: string) => PrismaClient) | string {
  if (!existsSync(`${folder}client/index.js`)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}package.json`, JSON.stringify({ private: true, dependencies: packages }));
    writeFileSync(`${folder}schema.prisma`, schema);
    const install = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"];
    const problem =
      run("npm", install) ??
      run("node", ["node_modules/prisma/build/index.js", "generate", "--schema", "schema.prisma"]);
    if (problem !== undefined) return problem;
  }
  const require = createRequire(`${folder}index.js`);
  const { PrismaClient } = clientModule.parse(require("./client"));
  const { PrismaPg } = adapterModule.parse(require("@prisma/adapter-pg"));
  // By default it gives up a transaction that takes 2 s to begin, or 5 s to end.
  const transactionOptions = { maxWait: 30_000, timeout: 30_000 };
  return (url) => new PrismaClient({ adapter: new PrismaPg({ connectionString: url }), transactionOptions });
}

function run(program: string, args: readonly string[]): string | undefined {
  const { error, status, stderr } = spawnSync(program, args, {
    cwd: folder,
    encoding: "utf8",
    // Its tool would fetch an engine that it does not use here.
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: "/bin/true", CHECKPOINT_DISABLE: "1" },
  });
  return status === 0 ? undefined : `${program} failed: ${(error?.message ?? stderr).trim().slice(0, 200)}`;
}
