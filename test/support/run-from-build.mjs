// For `node --import`: has `wagglebus` mean this checkout's build in a program that lies outside of the checkout.
import { registerHooks } from "node:module";

registerHooks({
  resolve: (name, context, next) =>
    next(name, /^wagglebus(\/|$)/.test(name) ? { ...context, parentURL: import.meta.url } : context),
});
