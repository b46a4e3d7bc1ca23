import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A connection to a server that can be lost at will, and lead to another server afterwards. */
export interface CutProxy {
  readonly url: string;
  /** Clients that are connected. */
  readonly connections: number;
  /** Breaks all connections; new ones are broken at once, too, until `lead`. */
  cut(): void;
  /** Leads new connections to a port of loopback. */
  lead(port: number): void;
  close(): Promise<void>;
}

export async function startCutProxy(): Promise<CutProxy> {
  const sockets = new Set<Socket>();
  let target: number | undefined;
  const server = createServer((client) => {
    if (target === undefined) {
      client.destroy();
      return;
    }
    const upstream = connect(target, "127.0.0.1");
    const both = [client, upstream];
    for (const socket of both) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        for (const other of both) other.destroy();
      });
    }
    client.pipe(upstream).pipe(client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (!(address instanceof Object)) throw new Error("a TCP server has an address and a port");
  const cut = () => {
    target = undefined;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${address.port}`,
    get connections() {
      return sockets.size / 2;
    },
    cut,
    lead: (port) => {
      target = port;
    },
    close: async () => {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}
