import { type FieldNode, type FieldTree, follow } from "./field-tree.ts";
import { isObject } from "./json-object.ts";
import type { Scalar } from "./value-test.ts";

/** The place of a value within the arrays around it, innermost first: two values of one array must share its index. */
export interface ArrayPath {
  readonly array: number;
  readonly index: number;
  readonly outer: ArrayPath | null;
}

/** Up to this many fields at one level are looked up by name; above it, or where names may hold dots, all names are read. */
const fewFields = 6;

/**
 * The values that one event has for the fields of a tree. One object serves all events, one after another, so that an
 * event allocates nothing unless it holds arrays.
 */
export class EventFields {
  /** The fields found in this event, in no order. */
  readonly fields: number[] = [];
  count = 0;
  /** Whether some value lies within an element of an array, so that conditions may depend on one another. */
  nested = false;
  /** Tells this event from the ones before, for what is remembered about it elsewhere. */
  epoch = 0;
  readonly #tree: FieldTree;
  readonly #seen: number[];
  readonly #first: Scalar[];
  readonly #more: Scalar[][];
  readonly #arrayPaths: (ArrayPath | null)[][];
  #arrays = 0;

  /** The tree must be complete. */
  constructor(tree: FieldTree) {
    this.#tree = tree;
    this.#seen = new Array<number>(tree.size).fill(0);
    this.#first = new Array<Scalar>(tree.size).fill(null);
    this.#more = Array.from({ length: tree.size }, () => []);
    this.#arrayPaths = Array.from({ length: tree.size }, () => []);
  }

  /** Forgets the event before and reads this one. What is no JSON object has no fields. */
  read(event: unknown): void {
    this.epoch += 1;
    this.count = 0;
    this.nested = false;
    this.#arrays = 0;
    if (isObject(event)) this.#readObject(this.#tree.root, event, null);
  }

  has(field: number): boolean {
    return this.#seen[field] === this.epoch;
  }

  /** The value found first; others may follow. Only for a field that was found. */
  first(field: number): Scalar {
    return this.#first[field] ?? null;
  }

  /** The values after the first. Only for a field that was found. */
  more(field: number): readonly Scalar[] {
    return this.#more[field] ?? [];
  }

  /** The arrayPaths of the values, the first included; a value past the end has none. Only for a field that was found. */
  arrayPaths(field: number): readonly (ArrayPath | null)[] {
    return this.#arrayPaths[field] ?? [];
  }

  #readObject(node: FieldNode, fields: Readonly<Record<string, unknown>>, arrayPath: ArrayPath | null): void {
    if (!node.deep && node.children.size <= fewFields) {
      for (const [name, child] of node.children) {
        const value = fields[name];
        if (value !== undefined && Object.hasOwn(fields, name)) this.#readValue(child, value, arrayPath);
      }
      return;
    }
    for (const name in fields) {
      const child = follow(node, name);
      if (child !== undefined && Object.hasOwn(fields, name)) this.#readValue(child, fields[name], arrayPath);
    }
  }

  #readValue(node: FieldNode, value: unknown, arrayPath: ArrayPath | null): void {
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean" || value === null) {
      if (node.field !== -1) this.#add(node.field, value, arrayPath);
    } else if (Array.isArray(value)) {
      this.#readArray(node, value, arrayPath);
    } else if (node.children.size > 0 && isObject(value)) {
      this.#readObject(node, value, arrayPath);
    }
  }

  #readArray(node: FieldNode, elements: readonly unknown[], arrayPath: ArrayPath | null): void {
    const array = this.#arrays;
    this.#arrays += 1;
    for (let index = 0; index < elements.length; index += 1) {
      const element = elements[index];
      if (typeof element !== "object" || element === null) this.#readValue(node, element, arrayPath);
      else if (node.children.size > 0 || Array.isArray(element)) {
        this.#readValue(node, element, { array, index, outer: arrayPath });
      }
    }
  }

  #add(field: number, value: Scalar, arrayPath: ArrayPath | null): void {
    if (this.#seen[field] !== this.epoch) {
      this.#seen[field] = this.epoch;
      this.#first[field] = value;
      this.fields[this.count] = field;
      this.count += 1;
      const more = this.#more[field];
      if (more !== undefined && more.length > 0) more.length = 0;
      const arrayPaths = this.#arrayPaths[field];
      if (arrayPaths !== undefined && arrayPaths.length > 0) arrayPaths.length = 0;
    } else {
      this.#more[field]?.push(value);
    }
    if (arrayPath !== null) this.#remember(field, arrayPath);
  }

  #remember(field: number, arrayPath: ArrayPath): void {
    this.nested = true;
    const arrayPaths = this.#arrayPaths[field];
    if (arrayPaths === undefined) return;
    const before = this.more(field).length;
    while (arrayPaths.length < before) arrayPaths.push(null);
    arrayPaths.push(arrayPath);
  }
}
