import { createHash, createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { PutEventsCommand } from "@aws-sdk/client-eventbridge";
import * as fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { leanEventBridgeClient, Sha256 } from "../../../../lib/engines/aws/lean-client.ts";

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let end = async () => {};
afterEach(() => end());

/** A bus that takes everything, what it received, and a client of it. */
async function listening(secrets: Iterator<string>) {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
    response.setHeader("content-type", "application/x-amz-json-1.1");
    response.end(JSON.stringify({ FailedEntryCount: 0, Entries: [{ EventId: "1" }] }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  const client = leanEventBridgeClient({
    region: "eu-west-1",
    endpoint: `http://127.0.0.1:${address.port}`,
    // Over already, so that each request asks for new ones.
    credentials: async () => ({ accessKeyId: "id", secretAccessKey: secrets.next().value, expiration: new Date(0) }),
  });
  end = async () => {
    client.destroy();
    server.close();
    await once(server, "close");
  };
  const put = (Detail: string) =>
    client.send(new PutEventsCommand({ Entries: [{ Source: "test", DetailType: "task.created", Detail }] }));
  return { client, put, received };
}

const hex = (text: string) => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();

/** The signature that AWS computes of a request: Signature Version 4, as its reference says. */
function signatureOf({ headers, body }: Received, secret: string): string {
  const [, scope = "", signed = ""] =
    /Credential=id\/([^,]+), SignedHeaders=([^,]+)/.exec(headers.authorization ?? "") ?? [];
  const canonical = signed.split(";").map((name) => `${name}:${headers[name]}\n`);
  const request = ["POST", "/", "", canonical.join(""), signed, hex(body)].join("\n");
  const [date = "", region = "", service = "", last = ""] = scope.split("/");
  const key = [region, service, last].reduce(hmac, hmac(`AWS4${secret}`, date));
  return hmac(key, ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, hex(request)].join("\n")).toString("hex");
}

test("each request is signed as AWS computes it, by the credentials of its time", async () => {
  const secrets = ["first", "second", "third"];
  const used: string[] = [];
  const { put, received } = await listening({
    next: () => {
      const value = secrets.shift() ?? "last";
      used.push(value);
      return { value };
    },
  });
  for (const detail of ["{}", '{"é":"\u{1F41D}"}', JSON.stringify({ text: "x".repeat(10_000) })]) await put(detail);
  const signers = received.map((request) =>
    used.find((secret) => request.headers.authorization?.endsWith(`Signature=${signatureOf(request, secret)}`)),
  );
  expect(signers).toEqual([expect.any(String), expect.any(String), expect.any(String)]);
  expect(signers.at(-1)).not.toBe(signers[0]);
});

test("what a request does not need is left out", async () => {
  const { client } = await listening(["secret"][Symbol.iterator]());
  const steps = client.middlewareStack.identify().map((step) => step.split(" ")[0]);
  expect(steps).not.toContain("loggerMiddleware");
  expect(steps).toEqual(expect.arrayContaining(["serializerMiddleware", "retryMiddleware", "httpSigningMiddleware"]));
  expect(client.config).toMatchObject({ cacheMiddleware: true, sha256: Sha256 });
  expect(await client.config.signer()).toBe(await client.config.signer());
});

test("digests are those of Node, whatever the secret is given as", async () => {
  const bytes = fc.uint8Array({ maxLength: 200 });
  const secret = fc.oneof(fc.constant(undefined), fc.string({ minLength: 1 }), fc.uint8Array({ minLength: 1 }));
  await fc.assert(
    fc.asyncProperty(bytes, secret, fc.constantFrom("as it is", "buffer", "view"), async (chunk, key, form) => {
      const expected = (key === undefined ? createHash("sha256") : createHmac("sha256", key))
        .update(chunk)
        .digest("hex");
      const inForm = (given: Uint8Array) =>
        form === "buffer" ? given.slice().buffer : form === "view" ? Uint8Array.of(0, ...given).subarray(1) : given;
      const sha = new Sha256(typeof key === "object" ? inForm(key) : key);
      sha.update(Buffer.from("what is forgotten"));
      sha.reset();
      sha.update(chunk.subarray(0, 5));
      sha.update(chunk.subarray(5));
      expect(Buffer.from(await sha.digest()).toString("hex")).toBe(expected);
    }),
  );
});
