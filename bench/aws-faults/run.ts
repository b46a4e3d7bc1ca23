/**
 * Publishing while a share of all requests to EventBridge and SQS fails in every way there is: whether each call settles
 * once, accepted or reported, and none is lost. `node bench/aws-faults/run.ts [--json] [--events 100000] [--share 0.3]`
 */
import { parseArgs } from "node:util";
import { publishThroughFaults } from "../../test/support/publish-through-faults.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    events: { type: "string", default: "100000" },
    share: { type: "string", default: "0.3" },
  },
});
const events = Number(values.events);
const share = Number(values.share);
const from = performance.now();
const found = await publishThroughFaults({ events, share, requestTimeoutMs: 250, seed: 1 });
const seconds = (performance.now() - from) / 1_000;
const { accepted, reported, left, settledOnce, sentAgain } = found;
const counts = {
  accepted,
  reported,
  left,
  settledOnce,
  sentAgain,
  lost: found.lost.length,
  strange: found.strange.length,
};
if (values.json)
  console.log(JSON.stringify({ bench: "aws-faults", node: process.version, events, share, seconds, ...counts }));
else {
  const text = (value: number) => value.toLocaleString("en");
  console.log(`${text(events)} events, ${share * 100} % of the requests fail: ${seconds.toFixed(0)} s`);
  console.log(
    `calls settled exactly once ${text(settledOnce)}: accepted ${text(accepted)}, rejected with a dead letter ${text(reported)}`,
  );
  console.log(
    `rejected, and the dead letter failed, too ${text(left)}; lost ${counts.lost}; unknown or changed on the bus ${counts.strange}`,
  );
  console.log(`taken by the bus again, under the same id: ${text(sentAgain)}`);
}
if (settledOnce !== events || counts.lost > 0 || counts.strange > 0) process.exitCode = 1;
