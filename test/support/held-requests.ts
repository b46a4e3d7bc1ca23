import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";

/** Has requests of one kind wait at the door of the table while they are held. */
export function heldRequests(client: DynamoDBClient, waits: (input: unknown) => boolean) {
  let held: { arrival: () => void; door: Promise<void>; open: () => void } | undefined;
  client.middlewareStack.add(
    (next) => async (args) => {
      if (waits(args.input)) {
        held?.arrival();
        await held?.door;
      }
      return next(args);
    },
    { step: "initialize" },
  );
  return {
    /** Resolves when the first of them is there. */
    hold: () => {
      const arrival = Promise.withResolvers<void>();
      const door = Promise.withResolvers<void>();
      held = { arrival: arrival.resolve, door: door.promise, open: door.resolve };
      return arrival.promise;
    },
    release: () => held?.open(),
  };
}
