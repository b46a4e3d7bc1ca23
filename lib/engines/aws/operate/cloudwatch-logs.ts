/** What is used of CloudWatch Logs. Its package is optional, and loaded when logs are asked for. */
export { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
