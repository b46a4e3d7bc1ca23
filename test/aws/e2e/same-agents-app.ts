/** The CDK app of the test of the same agents: their subscription on the bus of the end-to-end tests, handled by a process. */
import { App, Stack } from "aws-cdk-lib";
import { AgentEventBus, QueueSubscriber } from "../../../lib/cdk/index.ts";
import { frontendAgent } from "../../support/same-agents.ts";
import { busName } from "./settings.ts";

const app = new App();
const stack = new Stack(app, "e2e-agents");
const bus = AgentEventBus.fromBusName(stack, "Bus", busName);
new QueueSubscriber(stack, "Agent", { bus, subscription: frontendAgent });
app.synth();
