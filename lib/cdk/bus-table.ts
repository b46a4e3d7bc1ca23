import { AttributeType, BillingMode, StreamViewType, Table, TableEncryption } from "aws-cdk-lib/aws-dynamodb";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import type { StageSettings } from "./stage.ts";

/** Properties of a table of a bus. */
export interface BusTableProps {
  readonly tableName: string;
  /** The key schema of the engine. All keys are strings. */
  readonly keys: { readonly partitionKey: string; readonly sortKey?: string; readonly timeToLive?: string };
  readonly settings: StageSettings;
  readonly encryptionKey: IKey | undefined;
  /** Whether a stream tells of changes, by their keys. Default false. */
  readonly stream?: boolean;
}

/** Creates a table with on-demand capacity, point-in-time recovery for 35 days, and expiry of items by time if the keys say so. */
export function busTable(scope: Construct, id: string, props: BusTableProps): Table {
  const { tableName, keys, settings, encryptionKey, stream = false } = props;
  const string = (name: string) => ({ name, type: AttributeType.STRING });
  return new Table(scope, id, {
    tableName,
    partitionKey: string(keys.partitionKey),
    ...(keys.sortKey === undefined ? {} : { sortKey: string(keys.sortKey) }),
    ...(keys.timeToLive === undefined ? {} : { timeToLiveAttribute: keys.timeToLive }),
    ...(stream ? { stream: StreamViewType.KEYS_ONLY } : {}),
    billingMode: BillingMode.PAY_PER_REQUEST,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    ...(encryptionKey === undefined
      ? { encryption: TableEncryption.DEFAULT }
      : { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey }),
    deletionProtection: settings.deletionProtection,
    removalPolicy: settings.removalPolicy,
  });
}
