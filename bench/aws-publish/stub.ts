/**
 * PutEvents that always succeeds, as cheaply as may be, so that the client is what is measured: a process of its own that
 * prints its address. Ends with its standard input.
 */
import { createServer } from "node:http";

const mark = Buffer.from('"DetailType"');
const answers = Array.from({ length: 11 }, (_, count) => {
  const Entries = Array.from({ length: count }, (_, index) => ({
    EventId: `11710aed-b79e-4468-a20b-bb3c0c3b4860-${index}`,
  }));
  return Buffer.from(JSON.stringify({ FailedEntryCount: 0, Entries }));
});

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const answer = answers[entriesIn(Buffer.concat(chunks))] ?? Buffer.from("{}");
  response.writeHead(200, { "content-type": "application/x-amz-json-1.1", "content-length": answer.length });
  response.end(answer);
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") console.log(`http://127.0.0.1:${address.port}`);
});
process.stdin.resume().on("end", () => process.exit(0));

function entriesIn(body: Buffer): number {
  let count = 0;
  for (let at = body.indexOf(mark); at !== -1; at = body.indexOf(mark, at + mark.length)) count += 1;
  return count;
}
