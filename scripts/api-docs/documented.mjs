// A plugin of TypeDoc: a public name without a docstring, or a member without one, is an error.

/** Paths whose members are made from other types: the fields of events, and of their metadata. */
const derived = new Set(["StandardEvents", "WhereEvent.metadata"]);

/** Kinds of TypeDoc's reflections. */
const kinds = {
  variable: 32,
  class: 128,
  interface: 256,
  constructor: 512,
  typeAlias: 2_097_152,
  reference: 4_194_304,
};

/** @param {Application} application */
export function load({ converter, logger }) {
  converter.on("resolveEnd", ({ project }) => {
    for (const module of project.children ?? []) {
      for (const name of module.children ?? []) {
        if (name.kind === kinds.reference) continue;
        for (const missing of undocumented(name, name.name)) {
          logger.error(`${module.name}: ${missing} has no docstring`);
        }
      }
    }
  });
}

/**
 * The paths of what lacks a docstring: the reflection, and the members that its declaration has of its own.
 * @param {Reflection} reflection @param {string} path @returns {string[]}
 */
function undocumented(reflection, path) {
  const members = derived.has(path) ? [] : membersOf(reflection);
  return [
    ...(isDocumented(reflection) ? [] : [path]),
    ...members.flatMap((member) => undocumented(member, `${path}.${member.name}`)),
  ];
}

/** @param {Reflection} reflection */
function isDocumented(reflection) {
  const { signatures = [], getSignature, setSignature } = reflection;
  return [reflection, ...signatures, getSignature, setSignature].some((one) => one?.hasComment() === true);
}

/** @param {Reflection} reflection @returns {Reflection[]} */
function membersOf({ kind, children = [], type }) {
  if (kind === kinds.variable) return [];
  const own = [...children, ...literalsIn(type).flatMap((literal) => literal.children ?? [])];
  return own.filter(
    (member) => member.inheritedFrom === undefined && member.kind !== kinds.constructor && !isRefused(member),
  );
}

/** Whether a member says only that what its alternative has must be absent. @param {Reflection} member */
function isRefused({ type }) {
  return type?.type === "intrinsic" && type.name === "never";
}

/** The object types that are written out in a type. @param {Type | undefined} type @returns {Reflection[]} */
function literalsIn(type) {
  if (type?.type === "reflection" && type.declaration !== undefined) return [type.declaration];
  if (type?.type === "array") return literalsIn(type.elementType);
  if (type?.type === "union" || type?.type === "intersection") return (type.types ?? []).flatMap(literalsIn);
  return [];
}

/** @typedef {{ type: string, name?: string, declaration?: Reflection, types?: Type[], elementType?: Type }} Type */
/**
 * @typedef {{ name: string, kind: number, children?: Reflection[], type?: Type, inheritedFrom?: unknown,
 *   signatures?: Reflection[], getSignature?: Reflection, setSignature?: Reflection, hasComment(): boolean }} Reflection
 */
/**
 * @typedef {{ logger: { error(message: string): void },
 *   converter: { on(event: "resolveEnd", act: (context: { project: Reflection }) => void): void } }} Application
 */
