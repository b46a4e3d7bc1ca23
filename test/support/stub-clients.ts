import { onTestFinished, vi } from "vitest";
import { createClients } from "../../lib/engines/aws/clients.ts";
import type { Clients } from "../../lib/engines/aws/dependencies.ts";
import { type Operations, startJsonStub } from "./json-stub.ts";

/** The engine's clients for the rest of a test, which speak to a stub that answers so. */
export async function stubClients(operations: Operations): Promise<Clients> {
  const stub = await startJsonStub(operations);
  onTestFinished(stub.close);
  return clientsAt({ region: "us-east-1", endpoint: stub.url });
}

/** The same for an endpoint of the test's own. The SDK wants credentials, whatever they are. */
export function clientsAt(options: Parameters<typeof createClients>[0]): Clients {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  const clients = createClients(options);
  onTestFinished(() => {
    clients.destroy();
    vi.unstubAllEnvs();
  });
  return clients;
}
