export { defineConfig } from "./config-file.ts";
export {
  type ConfigSources,
  connect,
  defaultFile,
  type OpenedBus,
  openBus,
  openBusOnEngine,
  resolveOptions,
} from "./connect.ts";
export { type ConnectOptions, type EngineName, engineNames, optionNames } from "./options.ts";
export { getBus, initBus } from "./shared-bus.ts";
