/**
 * Standard Webhooks, loaded when it is needed: `import()` of the package itself, which is CommonJS, would give a function's bundle its
 * default export alone.
 */
export { Webhook } from "standardwebhooks";
