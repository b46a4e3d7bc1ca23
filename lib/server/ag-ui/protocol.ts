import * as z from "zod";

/** An event of AG-UI 1.0. Its other fields are those that the protocol gives its type. */
export const agUiEventSchema = z
  .looseObject({
    type: z.enum([
      "RUN_STARTED",
      "RUN_FINISHED",
      "RUN_ERROR",
      "STEP_STARTED",
      "STEP_FINISHED",
      "TEXT_MESSAGE_START",
      "TEXT_MESSAGE_CONTENT",
      "TEXT_MESSAGE_END",
      "REASONING_START",
      "REASONING_MESSAGE_START",
      "REASONING_MESSAGE_CONTENT",
      "REASONING_MESSAGE_END",
      "REASONING_END",
      "TOOL_CALL_START",
      "TOOL_CALL_ARGS",
      "TOOL_CALL_END",
      "TOOL_CALL_RESULT",
      "STATE_SNAPSHOT",
      "STATE_DELTA",
      "CUSTOM",
    ]),
    timestamp: z.number().exactOptional().meta({ description: "Milliseconds since 1970." }),
  })
  .meta({ id: "AgUiEvent" });

/** See {@link agUiEventSchema}. */
export type AgUiEvent = z.output<typeof agUiEventSchema>;
