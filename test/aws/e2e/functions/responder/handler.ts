import type { EventOf, Handler } from "wagglebus";
import type subscription from "./subscription.ts";

/** Answers with what it was asked. */
const responder: Handler<EventOf<typeof subscription>> = async (event, { bus }) => {
  await bus.publish({ type: "custom.e2e.answered", data: { asked: event.data } }, { dedupe: "answer" });
};

export default responder;
