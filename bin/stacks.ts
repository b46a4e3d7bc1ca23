import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import {
  BusStack,
  busNameIn,
  findSubscribers,
  MonitoringStack,
  parseStage,
  SubscribersStack,
} from "../lib/cdk/index.ts";

const app = new App();
const stage = parseStage(app.node.tryGetContext("stage"));
const busName = busNameIn(stage, app.node.tryGetContext("bus") ?? "agents");
const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = process.env;
const env = { ...(account && { account }), ...(region && { region }) };
const subscribers = await findSubscribers(app.node.tryGetContext("functions") ?? "functions");

const { bus } = new BusStack(app, `${busName}-bus`, { env, busName, stage });
new SubscribersStack(app, `${busName}-subscribers`, { env, bus, subscribers });
new MonitoringStack(app, `${busName}-monitoring`, { env, bus });

Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
