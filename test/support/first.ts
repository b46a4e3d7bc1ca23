import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * The order of vitest, but that these files, named by a part of their path, come first within their project: what takes
 * longest should not start last, and without an earlier run's times vitest starts the largest files first.
 */
export function first(paths: readonly string[]): typeof BaseSequencer {
  return class extends BaseSequencer {
    override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
      const ordered = await super.sort(files);
      const projects = [...new Set(ordered.map(({ project }) => project))];
      const rank = ({ project, moduleId }: TestSpecification) => {
        const at = paths.findIndex((path) => moduleId.includes(path));
        return projects.indexOf(project) * (paths.length + 1) + (at < 0 ? paths.length : at);
      };
      return ordered.toSorted((one, other) => rank(one) - rank(other));
    }
  };
}
