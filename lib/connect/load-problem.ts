import { messageOf } from "../error/message-of.ts";

/** What V8 says of a module with `import` or `export` that Node takes for CommonJS. */
const notAModule = /^(Cannot use import statement outside a module|Unexpected token 'export')/;

/** Why a module of the user could not be loaded, with the fix where it is known. */
export function loadProblem(thrown: unknown): string {
  const message = messageOf(thrown);
  if (!notAModule.test(message)) return message;
  return `${message}; set "type": "module" in its package.json (npm pkg set type=module), or let its name end with .mts`;
}
