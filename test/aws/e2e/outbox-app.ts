/** The CDK app of the test of the outbox: an outbox of the bus of the end-to-end tests, in a stack of its own. */
import { App, Stack } from "aws-cdk-lib";
import { AgentEventBus, Outbox } from "../../../lib/cdk/index.ts";
import { busName } from "./settings.ts";

const app = new App();
const stack = new Stack(app, "e2e-outbox");
new Outbox(stack, "Outbox", { bus: AgentEventBus.fromBusName(stack, "Bus", busName) });
app.synth();
