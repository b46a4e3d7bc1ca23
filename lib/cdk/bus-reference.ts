import { Stack } from "aws-cdk-lib";
import type { IGrantable } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { StringParameter } from "aws-cdk-lib/aws-ssm";
import { Construct } from "constructs";
import { checkBusName, parameterNames } from "../aws-shared/index.ts";
import { BusGrants } from "./grants.ts";
import { parseStage, type Stage } from "./stage.ts";

/** A bus, made here or elsewhere: what a subscriber and a client need of it. */
export interface IAgentEventBus {
  /** 1 to 20 of a-z, 0-9 and -; the name under which a client finds it. */
  readonly busName: string;
  readonly stage: Stage;
  /** Of tables, queues and bodies; AWS's own keys where undefined. */
  readonly encryptionKey: IKey | undefined;
  /** The construct to come after, where this app makes the bus. */
  readonly made: Construct | undefined;
  /** What functions in a stack know of the bus: a BusConfig as JSON. */
  configFor(scope: Construct): string;
  /** Lets a client find the bus and publish: what an agent service needs. */
  grantPublish(to: IGrantable): void;
  /** Lets a client look up events, flows and dead letters. */
  grantReadHistory(to: IGrantable): void;
  /** Lets an operator redrive, discard and replay, and see how the queues stand. */
  grantOperate(to: IGrantable): void;
}

/** Of a bus that another app has made. */
export interface ImportedBusProps {
  /** Default: context `stage`, else `dev`. Says what becomes of logs here when they are no longer needed. */
  readonly stage?: Stage;
  /** The key that the bus was made with, if any. */
  readonly encryptionKey?: IKey;
}

/** What a bus made here and one made elsewhere have in common. */
export abstract class BusBase extends Construct implements IAgentEventBus {
  readonly busName: string;
  readonly stage: Stage;
  abstract readonly encryptionKey: IKey | undefined;
  abstract readonly made: Construct | undefined;

  constructor(scope: Construct, id: string, props: { busName: string; stage: Stage | undefined }) {
    super(scope, id);
    this.busName = checkBusName(props.busName);
    this.stage = props.stage ?? parseStage(this.node.tryGetContext("stage"));
  }

  /** In the bus's own stack it is written out; elsewhere it is read, when deployed, from the parameter. */
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

/** A bus that another app has made, known by its name. */
export class ImportedBus extends BusBase {
  readonly encryptionKey: IKey | undefined;
  readonly made = undefined;

  constructor(scope: Construct, id: string, busName: string, props: ImportedBusProps) {
    super(scope, id, { busName, stage: props.stage });
    this.encryptionKey = props.encryptionKey;
  }

  configFor(scope: Construct): string {
    return this.configParameter(scope);
  }
}
