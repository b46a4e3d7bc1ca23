import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { appSettings, BusStack, findSubscribers, MonitoringStack, SubscribersStack } from "../lib/cdk/index.ts";

const app = new App();
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));

const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = process.env;
const env = { ...(account && { account }), ...(region && { region }) };

const { functions, ...settings } = appSettings(app);
const subscribers = await findSubscribers(functions);
const { bus } = new BusStack(app, `${settings.busName}-bus`, { env, ...settings });
new SubscribersStack(app, `${settings.busName}-subscribers`, { env, bus, subscribers });
new MonitoringStack(app, `${settings.busName}-monitoring`, { env, bus });
