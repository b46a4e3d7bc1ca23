import { Stack } from "aws-cdk-lib";
import type { IGrantable } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { StringParameter } from "aws-cdk-lib/aws-ssm";
import { Construct } from "constructs";
import { checkBusName, parameterNames } from "../aws-shared/index.ts";
import { BusGrants } from "./grants.ts";
import { parseStage, type Stage } from "./stage.ts";

/** A bus that this app or another one creates, as subscribers and clients need it. */
export interface IAgentEventBus {
  /** The name by which clients find the bus: 1 to 20 characters of a-z, 0-9 and -. */
  readonly busName: string;
  /** The stage of the bus, which decides for how long data is kept and whether it outlives its stack. */
  readonly stage: Stage;
  /** The key of tables, queues and bodies; `undefined` if they use keys owned by AWS. */
  readonly encryptionKey: IKey | undefined;
  /** The construct that creates the bus, for dependencies; `undefined` for a bus of another app. */
  readonly construct: Construct | undefined;
  /** Returns the configuration of the bus for functions in a stack: a BusConfig as JSON. */
  configFor(scope: Construct): string;
  /** Allows a client to find the bus and to publish, which is what an agent needs. */
  grantPublish(to: IGrantable): void;
  /** Allows a client to read events, flows and dead letters. */
  grantReadHistory(to: IGrantable): void;
  /** Allows an operator to redrive, discard and replay, and to see the state of the queues. */
  grantOperate(to: IGrantable): void;
}

/** Properties of a bus that another app creates. */
export interface ImportedBusProps {
  /** Default: the context `stage`, or else `dev`. It determines the removal policy of logs in this stack. */
  readonly stage?: Stage;
  /** The key of the bus, if it has one. */
  readonly encryptionKey?: IKey;
}

/** The common part of a bus that this app creates and an imported one. */
export abstract class BusBase extends Construct implements IAgentEventBus {
  readonly busName: string;
  readonly stage: Stage;
  abstract readonly encryptionKey: IKey | undefined;
  abstract readonly construct: Construct | undefined;

  constructor(scope: Construct, id: string, props: { busName: string; stage: Stage | undefined }) {
    super(scope, id);
    this.busName = checkBusName(props.busName);
    this.stage = props.stage ?? parseStage(this.node.tryGetContext("stage"));
  }

  /** The bus's own stack has the value; other stacks read it from the parameter at deployment. */
  abstract configFor(scope: Construct): string;

  grantPublish(to: IGrantable): void {
    const grants = this.grants();
    grants.connect(to);
    grants.publish(to);
  }

  grantReadHistory(to: IGrantable): void {
    const grants = this.grants();
    grants.connect(to);
    grants.readHistory(to);
  }

  grantOperate(to: IGrantable): void {
    this.grants().operate(to);
  }

  protected grants(): BusGrants {
    return new BusGrants(this, this.busName, this.encryptionKey);
  }

  protected configParameter(scope: Construct): string {
    return StringParameter.valueForStringParameter(Stack.of(scope), parameterNames.bus(this.busName));
  }
}

/** A bus that another app creates, referenced by its name. */
export class ImportedBus extends BusBase {
  readonly encryptionKey: IKey | undefined;
  readonly construct = undefined;

  constructor(scope: Construct, id: string, busName: string, props: ImportedBusProps) {
    super(scope, id, { busName, stage: props.stage });
    this.encryptionKey = props.encryptionKey;
  }

  configFor(scope: Construct): string {
    return this.configParameter(scope);
  }
}
