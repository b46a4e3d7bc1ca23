/** The media types of a CloudEvent and of a list of them. */
export const cloudEventType = "application/cloudevents+json";
export const cloudEventBatchType = "application/cloudevents-batch+json";
