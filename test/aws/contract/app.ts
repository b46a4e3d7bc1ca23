/** The CDK app of the contract suite's stacks. */
import { App } from "aws-cdk-lib";
import { contractStacks } from "./stacks.ts";

const app = new App();
contractStacks(app);
app.synth();
