import { App } from "aws-cdk-lib";
import { findSubscribers } from "wagglebus/cdk";
import { OrdersStack } from "./orders-stack.ts";

const subscribers = await findSubscribers(new URL("functions", import.meta.url).pathname);
new OrdersStack(new App(), "orders", { subscribers });
