import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json, text } from "node:stream/consumers";
import * as z from "zod";

/** An answer other than the good one. */
export type Fault =
  | { readonly kind: "status"; readonly status: number; readonly error: string }
  /** The connection is cut before anything is answered. */
  | { readonly kind: "reset" }
  /** Nothing is answered, until the stub closes. */
  | { readonly kind: "hang" }
  /** HTTP 200, and the entries at these indexes failed with this code. */
  | { readonly kind: "partial"; readonly code: string; readonly fails: (index: number) => boolean };

/** One request as it came. */
export interface StubRequest {
  /** `PutEvents`, `SendMessageBatch` or `PutObject`. */
  readonly operation: string;
  /** Source, DetailType and Detail of each entry; the body of each message; the object. */
  readonly entries: readonly StubEntry[];
}

export interface StubEntry {
  readonly text: string;
  /** As EventBridge counts it, and SQS. */
  readonly bytes: number;
}

export interface StubOptions {
  /** Called for every request; what it gives back is done instead of the good answer. */
  readonly fault?: (request: StubRequest) => Fault | undefined | Promise<Fault | undefined>;
  /** Called for each entry that is taken: once for each time. */
  readonly taken?: (entry: StubEntry, operation: string) => void;
  /** Whether a request that is reset or hangs was taken all the same: its answer is lost. */
  readonly takesWhatItLoses?: () => boolean;
}

const putEvents = z.object({
  Entries: z.array(z.object({ Source: z.string(), DetailType: z.string(), Detail: z.string() })),
});
const sendMessageBatch = z.object({ Entries: z.array(z.object({ Id: z.string(), MessageBody: z.string() })) });

/**
 * As much of EventBridge, SQS and S3 as a publisher speaks to, on a free loopback port. It is here to fail on demand, which
 * no emulator does; what the services do when all is well is tested against emulators.
 */
export async function startAwsStub(options: StubOptions = {}): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    answer(request, response, options).catch((thrown: unknown) => {
      response.writeHead(500).end(String(thrown));
    });
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("the stub has no port");
  return address.port;
}

async function answer(request: IncomingMessage, response: ServerResponse, options: StubOptions): Promise<void> {
  const { operation, entries, good } = await read(request);
  const fault = await options.fault?.({ operation, entries });
  const takeAll = () => {
    for (const entry of entries) options.taken?.(entry, operation);
  };
  if (fault === undefined) {
    takeAll();
    return send(
      response,
      200,
      good(() => undefined),
    );
  }
  switch (fault.kind) {
    case "status":
      return send(response, fault.status, { __type: fault.error, message: `the stub says ${fault.error}` });
    case "partial":
      for (const [index, entry] of entries.entries()) if (!fault.fails(index)) options.taken?.(entry, operation);
      return send(
        response,
        200,
        good((index) => (fault.fails(index) ? fault.code : undefined)),
      );
    default:
      if (options.takesWhatItLoses?.() === true) takeAll();
      if (fault.kind === "reset") request.socket.destroy();
  }
}

interface Read extends StubRequest {
  readonly good: (codeOf: (index: number) => string | undefined) => object;
}

async function read(request: IncomingMessage): Promise<Read> {
  const operation = String(request.headers["x-amz-target"] ?? "PutObject").replace(/^.*\./, "");
  switch (operation) {
    case "PutEvents": {
      const { Entries } = putEvents.parse(await json(request));
      const entries = Entries.map(({ Source, DetailType, Detail }) => ({
        text: Detail,
        bytes: 14 + Buffer.byteLength(Source) + Buffer.byteLength(DetailType) + Buffer.byteLength(Detail),
      }));
      return { operation, entries, good: (codeOf) => putEventsResult(entries.map((_, index) => codeOf(index))) };
    }
    case "SendMessageBatch": {
      const { Entries } = sendMessageBatch.parse(await json(request));
      const entries = Entries.map(({ MessageBody }) => ({ text: MessageBody, bytes: Buffer.byteLength(MessageBody) }));
      const good = (codeOf: (index: number) => string | undefined) => sendResult(Entries, codeOf);
      return { operation, entries, good };
    }
    default: {
      const body = await text(request);
      return { operation, entries: [{ text: body, bytes: Buffer.byteLength(body) }], good: () => ({}) };
    }
  }
}

function putEventsResult(codes: readonly (string | undefined)[]): object {
  return {
    FailedEntryCount: codes.filter((code) => code !== undefined).length,
    Entries: codes.map((code, index) =>
      code === undefined ? { EventId: `event-${index}` } : { ErrorCode: code, ErrorMessage: `the stub says ${code}` },
    ),
  };
}

function sendResult(
  entries: z.infer<typeof sendMessageBatch>["Entries"],
  codeOf: (index: number) => string | undefined,
): object {
  const results = entries.map(({ Id, MessageBody }, index) => ({ Id, MessageBody, code: codeOf(index) }));
  return {
    Successful: results
      .filter(({ code }) => code === undefined)
      .map(({ Id, MessageBody }) => ({
        Id,
        MessageId: `message-${Id}`,
        // The SDK compares it with what it sent.
        MD5OfMessageBody: createHash("md5").update(MessageBody).digest("hex"),
      })),
    Failed: results
      .filter(({ code }) => code !== undefined)
      .map(({ Id, code }) => ({ Id, Code: code, SenderFault: false })),
  };
}

function send(response: ServerResponse, status: number, body: object): void {
  const answerText = JSON.stringify(body);
  response
    .writeHead(status, { "content-type": "application/x-amz-json-1.1", "content-length": answerText.length })
    .end(answerText);
}
