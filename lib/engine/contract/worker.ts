// The public entry `wagglebus/engine/contract/worker`: what the processes and functions of an adapter run. No vitest is needed.
export { consumeInWorker } from "./consume-in-worker.ts";
export { fileRecorder } from "./file-recorder.ts";
export { forkWorker } from "./fork-worker.ts";
export { memoryRecorder, type Recorder, type Report, reportSchema } from "./recorder.ts";
export { scriptedHandler, type WorkerProcess } from "./scripted-handler.ts";
export { isSubscriptionName, type SubscriptionName, subscriptionOf, subscriptions } from "./subscriptions.ts";
export { catalog } from "./versioned.ts";
