import { defineConfig } from "vitest/config";
import local from "./vitest.config.ts";
const test = local.test ?? {};
export default defineConfig({ ...local, test: { ...test, projects: (test.projects ?? []).map((p: any) => ({ ...p, test: { ...p.test, setupFiles: ["/tmp/cpu-setup.ts", ...(p.test.setupFiles ?? ["test/support/process-state.ts"])] } })) } });
