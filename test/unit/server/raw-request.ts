import { connect } from "node:net";

/** An answer as its bytes say it; `undefined` where the connection was closed without one. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test asserts what it expects of the JSON.
  readonly json: any;
}

/** Sends bytes as they are to a port of loopback, and reads until the server closes, or until an answer is whole. */
export function sendRaw(port: number, bytes: string | Uint8Array): Promise<RawAnswer | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    let received = Buffer.alloc(0);
    const end = () => {
      socket.destroy();
      resolve(parse(received.toString()));
    };
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (isWhole(received.toString())) end();
    });
    socket.on("close", end);
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNRESET" || error.code === "EPIPE") end();
      else reject(error);
    });
  });
}

function isWhole(text: string): boolean {
  const [head = "", ...rest] = text.split("\r\n\r\n");
  const length = /^content-length: (\d+)/im.exec(head)?.[1];
  return rest.length > 0 && length !== undefined && Buffer.byteLength(rest.join("\r\n\r\n")) >= Number(length);
}

function parse(text: string): RawAnswer | undefined {
  const [head = "", body = ""] = text.split("\r\n\r\n");
  const status = /^HTTP\/1\.1 (\d{3})/.exec(head)?.[1];
  if (status === undefined) return undefined;
  return { status: Number(status), headers: head, json: body.startsWith("{") ? JSON.parse(body) : undefined };
}
