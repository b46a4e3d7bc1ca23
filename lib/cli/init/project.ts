/** A file of a new project. */
export interface ProjectFile {
  /** Inside the folder of the project. */
  readonly path: string;
  readonly text: string;
}

/** What a template is made for. */
export interface Project {
  /** The name of the package: `my-agents`. */
  readonly name: string;
  /** What package.json asks for as `wagglebus`: a range, or the path of a packed file. */
  readonly wagglebus: string;
}

/** What a template says; the rest of a project is the same in all of them. */
export interface Template {
  /** A phrase for the help. */
  readonly summary: string;
  /** Commands of package.json beside `dev`, `test` and `check`. */
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  /** The folders that git leaves out beside those of npm and of the bus. */
  readonly ignored?: readonly string[];
  /** The files that are its own. */
  files(project: Project): readonly ProjectFile[];
}
