import { AttributeType, BillingMode, Table, TableEncryption } from "aws-cdk-lib/aws-dynamodb";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import type { StageSettings } from "./stage.ts";

/** A table of a bus. */
export interface BusTableProps {
  readonly tableName: string;
  /** As the engine knows it. All keys are texts. */
  readonly keys: { readonly partitionKey: string; readonly sortKey?: string; readonly timeToLive: string };
  readonly settings: StageSettings;
  readonly encryptionKey: IKey | undefined;
}

/** A table on demand, that can be brought back as it was at any second of the last 35 days, and forgets by time. */
export function busTable(scope: Construct, id: string, props: BusTableProps): Table {
  const { tableName, keys, settings, encryptionKey } = props;
  const text = (name: string) => ({ name, type: AttributeType.STRING });
  return new Table(scope, id, {
    tableName,
    partitionKey: text(keys.partitionKey),
    ...(keys.sortKey === undefined ? {} : { sortKey: text(keys.sortKey) }),
    timeToLiveAttribute: keys.timeToLive,
    billingMode: BillingMode.PAY_PER_REQUEST,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    ...(encryptionKey === undefined
      ? { encryption: TableEncryption.DEFAULT }
      : { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey }),
    deletionProtection: settings.deletionProtection,
    removalPolicy: settings.removalPolicy,
  });
}
