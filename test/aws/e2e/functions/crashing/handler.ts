import type { EventOf, Handler } from "wagglebus";
import type subscription from "./subscription.ts";

/** Its first run takes the process with it, as running out of memory does. */
const crashing: Handler<EventOf<typeof subscription>> = async (_, { bus, attempt }) => {
  if (attempt === 1) process.kill(process.pid, "SIGKILL");
  await bus.publish({ type: "custom.e2e.survived", data: { attempt } }, { dedupe: "survived" });
};

export default crashing;
