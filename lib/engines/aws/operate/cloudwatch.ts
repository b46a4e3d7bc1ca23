/** What is used of CloudWatch. Its package is optional, and loaded when alarms are asked for. */
export { CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
