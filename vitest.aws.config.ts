import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import local from "./vitest.config.ts";

/** The contract first: its two files take longer than all others together, and would else come last, being the shortest. */
class ContractFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isContract = ({ moduleId }: TestSpecification) => moduleId.includes("/test/aws/contract/");
    const rest = files.filter((file) => !isContract(file));
    return [...files.filter(isContract), ...(await super.sort(rest))];
  }
}

/** What `npm run test:aws` and its like run, once an emulator or an account is ready: see test/aws/run.ts. */
export default defineConfig({
  ...local,
  test: {
    include: ["test/aws/**/*.test.ts"],
    globalSetup: "test/support/temporary-folder.ts",
    retry: 0,
    sequence: { sequencer: ContractFirst },
    // Each file has its own bus, and waits more than it computes: the contract's two, and one of the others at a time.
    maxWorkers: 3,
    testTimeout: 300_000,
    hookTimeout: 600_000,
  },
});
