// What `npm start` runs: a crew of agents (functions/) reads documents over the bus. docs/local/crew.md says what they do.
import { runFunctions } from "wagglebus/dev";
import { crewCommand, program } from "./command.ts";
import { readDocuments } from "./crew.ts";
import { CrewView } from "./view.ts";

const command = crewCommand(async (paths, { engine, file, ...options }) => {
  const connect = { ...(engine === undefined ? {} : { engine }), ...(file === undefined ? {} : { file }) };
  // With --json, stdout is for programs: nobody is there to open a page.
  const page = options.json !== true || options.keep === true;
  const settings = { ...options, connect, page, program, view: new CrewView() };
  process.exit(await runFunctions(settings, (session) => readDocuments(session, paths)));
});

await command.parseAsync();
