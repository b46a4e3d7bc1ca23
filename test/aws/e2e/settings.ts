/** The bus of the functions beside this file, as `bin/stacks.ts` deploys them in dev. */
export const busName = "e2e-dev";

/** The bus of the crew. */
export const crewBusName = "agents-dev";

/** For what is to come through the cloud: a cold function, a recorder, a retry or two. */
export const patience = 90_000;
