import * as z from "zod";

// The JSON of A2A 1.0's own types, as far as a flow needs them: https://a2a-protocol.org, a2a.proto.

const json = z.record(z.string(), z.unknown());

const part = z.union([z.strictObject({ text: z.string() }), z.strictObject({ data: z.unknown() })]);

const message = z.strictObject({
  messageId: z.string(),
  contextId: z.string(),
  taskId: z.string(),
  role: z.literal("ROLE_AGENT"),
  parts: z.array(part).min(1),
});

const status = z.strictObject({
  state: z.enum([
    "TASK_STATE_SUBMITTED",
    "TASK_STATE_WORKING",
    "TASK_STATE_INPUT_REQUIRED",
    "TASK_STATE_COMPLETED",
    "TASK_STATE_FAILED",
    "TASK_STATE_CANCELED",
  ]),
  message: message.exactOptional(),
  timestamp: z.string(),
});

const artifact = z.strictObject({ artifactId: z.string(), name: z.string(), parts: z.array(part).min(1) });

const ofTask = { taskId: z.string(), contextId: z.string(), metadata: json };

/** A `StreamResponse`: what a client that follows tasks is sent. */
export const streamResponseSchema = z
  .union([
    z.strictObject({
      task: z.strictObject({
        id: z.string(),
        contextId: z.string(),
        status,
        artifacts: z.array(artifact).exactOptional(),
        metadata: json,
      }),
    }),
    z.strictObject({ statusUpdate: z.strictObject({ ...ofTask, status }) }),
    z.strictObject({ artifactUpdate: z.strictObject({ ...ofTask, artifact, lastChunk: z.literal(true) }) }),
  ])
  .meta({ id: "A2aStreamResponse" });

export type StreamResponse = z.output<typeof streamResponseSchema>;
export type TaskState = z.output<typeof status>["state"];
export type TaskStatus = z.output<typeof status>;
export type Artifact = z.output<typeof artifact>;
export type Part = z.output<typeof part>;
