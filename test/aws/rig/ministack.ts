import { delimiter, dirname, join } from "node:path";
import { freePort } from "../../support/free-port.ts";
import { lambdaModules } from "./lambda-modules.ts";
import { cache, ensureVenv } from "./python.ts";
import { type Server, startServer, withoutAws } from "./server.ts";

const version = "1.5.33";

export interface Emulator extends Server {
  readonly endpoint: string;
  /** A Python that has the AWS SDK's core (botocore), as it came with the emulator. */
  readonly python: string | undefined;
}

/** Starts MiniStack on a free port of the loopback, installing it first where it is missing. */
export async function startMinistack(options: { auth: boolean; signal: AbortSignal }): Promise<Emulator> {
  const { auth, signal } = options;
  const venv = await ensureVenv(
    {
      name: `ministack-${version}`,
      python: { from: [3, 10], until: [3, 15] },
      pip: [`ministack==${version}`],
      key: version,
    },
    signal,
  );
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const server = await startServer({
    name: `MiniStack ${version}${auth ? " with AUTH=true" : ""}`,
    command: [join(venv, "bin", "ministack")],
    env: {
      ...withoutAws(),
      // Its Lambda functions run on this Node.
      PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
      NODE_PATH: await lambdaModules(),
      BIND_HOST: "127.0.0.1",
      MINISTACK_HOST: "127.0.0.1",
      GATEWAY_PORT: String(port),
      IOT_MTLS_ENABLED: "0",
      SFTP_ENABLED: "0",
      LOG_LEVEL: "WARNING",
      LAMBDA_ASYNC_RETRY_BASE_SECONDS: "0.05",
      AUTH: String(auth),
    },
    folder: join(cache, `ministack-${port}`),
    health: `${endpoint}/_ministack/health`,
    startWithinMs: 60_000,
  });
  return { endpoint, python: join(venv, "bin", "python"), stop: server.stop };
}
