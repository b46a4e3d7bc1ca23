import { greeterEvents, greeterHandler, greeterSubscription, greeterTest } from "./plain.ts";
import type { Template } from "./project.ts";

const sdk = "^3.901.0";

/** The plain project, and the CDK app that deploys it. */
export const cdk: Template = {
  summary: "the plain one, and a CDK app that deploys it to AWS",
  scripts: { synth: "cdk synth --quiet", deploy: "cdk deploy --all" },
  dependencies: {
    "@aws-sdk/client-cloudwatch": sdk,
    "@aws-sdk/client-cloudwatch-logs": sdk,
    "@aws-sdk/client-dynamodb": sdk,
    "@aws-sdk/client-eventbridge": sdk,
    "@aws-sdk/client-s3": sdk,
    "@aws-sdk/client-sqs": sdk,
    "@aws-sdk/client-ssm": sdk,
  },
  devDependencies: {
    // The newest of the registry has another number, and cannot read what the library writes.
    "aws-cdk": "2.1148.1",
    "aws-cdk-lib": "^2.276.0",
    "cdk-nag": "^3.0.0",
    constructs: "^10.8.0",
    esbuild: ">=0.25.0",
  },
  ignored: ["cdk.out/"],
  files: ({ name }) => {
    const bus = busName(name);
    return [
      { path: "cdk.json", text: `${JSON.stringify({ app: "node app.ts" }, undefined, 2)}\n` },
      { path: "app.ts", text: app(bus) },
      { path: "catalog.ts", text: catalogModule },
      { path: "events.ts", text: greeterEvents },
      { path: "functions/greeter/subscription.ts", text: greeterSubscription },
      { path: "functions/greeter/handler.ts", text: greeterHandler },
      { path: "test/greeter.test.ts", text: greeterTest },
      { path: "README.md", text: readme(name, bus) },
    ];
  },
};

/** The name of a bus in AWS has at most 20 characters, and begins with a letter. */
function busName(project: string): string {
  const name = project
    .replace(/[^a-z0-9-]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 20)
    .replace(/-+$/, "");
  return name === "" || name === "default" ? "agents" : name;
}

function app(bus: string): string {
  return `import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { BusStack, findSubscribers, MonitoringStack, SubscribersStack } from "wagglebus/cdk";
import catalog from "./catalog.ts";

const app = new App();
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));

const here = (path: string) => new URL(path, import.meta.url).pathname;
const module = here("catalog.ts");
const subscribers = await findSubscribers(here("functions"));
const { bus } = new BusStack(app, "${bus}-bus", { busName: "${bus}", catalog: { module, catalog } });
new SubscribersStack(app, "${bus}-subscribers", { bus, subscribers, catalog: module });
new MonitoringStack(app, "${bus}-monitoring", { bus });
`;
}

const catalogModule = `export { catalog as default } from "./events.ts";
`;

function readme(name: string, bus: string): string {
  return `# ${name}

On this machine:

\`\`\`sh
npm install
npm test
npx waggle dev                                            # runs functions/ and shows what happens
npx waggle publish visitor.arrived '{"name":"Ada"}'       # in another terminal
\`\`\`

In AWS, in the account and Region of your credentials:

\`\`\`sh
npm run synth                                             # needs no account
npx cdk bootstrap                                         # once for an account and Region
npm run deploy -- --require-approval never
npx waggle doctor --engine aws --bus ${bus}
npx waggle publish visitor.arrived '{"name":"Ada"}' --engine aws --bus ${bus}
npx waggle flow <id> --engine aws --bus ${bus}
npx waggle logs greeter --engine aws --bus ${bus}
npx cdk destroy --all                                     # removes everything
\`\`\`

\`app.ts\` wires three stacks: the bus, a Lambda function for each folder in \`functions/\`, the alarms. To add a subscriber, add a folder.
`;
}
