import { BusError } from "../error/bus-error.ts";
import { messageOf } from "../error/message-of.ts";
import { mustBe } from "../error/must-be.ts";
import { Budget } from "./budget.ts";
import type { FieldNode, FieldTree } from "./field-tree.ts";
import { isObject } from "./json-object.ts";
import { TextReader } from "./text-reader.ts";
import { isScalar, type Scalar } from "./value-test.ts";

/**
 * The array elements that contain a value, as a linked list, innermost first. Values of one array that match together must
 * have the same index in it.
 */
export interface ArrayPath {
  readonly array: number;
  readonly index: number;
  readonly outer: ArrayPath | null;
}

const none: readonly never[] = [];

/** Stands for any array path while the paths are not needed. */
const someElement: ArrayPath = { array: -1, index: -1, outer: null };

/** The maximum depth of an event: a little more than of its data where it is published. */
const depthLimit = 1_010;

/**
 * The values of one event for the fields of a tree. The object is reused for every event, so that reading an event allocates
 * nothing unless it contains arrays. The paths of values in arrays are read only where they are asked for.
 */
export class EventFields {
  /** The fields that this event has, in no particular order; only the first `count` entries are valid. */
  readonly present: number[] = [];
  count = 0;
  /** Whether some value is inside an array element, so that conditions may depend on one another. */
  nested = false;
  /** Whether a field is spelled with a dotted name, so that it may be in the event a second time. */
  dotted = false;
  /** Whether the event is nested too deeply to be read. It then has no fields, and matches nothing. */
  tooDeep = false;
  /** The event itself, if it is a JSON object. */
  event: Readonly<Record<string, unknown>> | undefined;
  /** The steps of the pattern that is being matched. */
  readonly budget = new Budget();
  /** Identifies the current event, so that results cached elsewhere are not used for the next one. */
  epoch = 0;
  readonly #tree: FieldTree;
  readonly #seen: number[] = [];
  readonly #first: Scalar[] = [];
  /** The lists of a field exist once it had several values, or one in an array element. */
  readonly #more: (Scalar[] | undefined)[] = [];
  readonly #arrayPaths: ((ArrayPath | null)[] | undefined)[] = [];
  #arrays = 0;
  #depth = 0;
  /** Counts the readings, of which one event may have two: the second is with array paths. */
  #reading = 0;
  #withPaths = false;
  readonly #inArrays: number[] = [];
  readonly #text: TextReader;

  constructor(tree: FieldTree) {
    this.#tree = tree;
    this.#text = new TextReader(tree, this);
  }

  /** Replaces the previous event by this one. A value that is not a JSON object has no fields. */
  read(event: unknown): void {
    this.epoch += 1;
    this.event = isObject(event) ? event : undefined;
    this.#readAll(false);
  }

  /** The same as `read`, for the JSON text of an event. Throws `invalid_event` for what is not JSON. */
  readText(text: string): void {
    this.epoch += 1;
    this.event = undefined;
    this.#begin(false);
    // A value that is no string is refused by the parse.
    if (typeof text !== "string" || !this.#text.read(text)) this.read(parseText(text));
  }

  /** Lets go of the event, which may be large: a string may be a part of its text. */
  release(): void {
    this.event = undefined;
    for (let index = 0; index < this.count; index += 1) {
      const field = this.present[index] ?? -1;
      this.#first[field] = null;
      const more = this.#more[field];
      if (more !== undefined && more.length > 0) more.length = 0;
    }
    this.count = 0;
  }

  has(field: number): boolean {
    return this.#seen[field] === this.#reading;
  }

  /** Whether some value of a field is in an element of an array that is an object or an array. */
  inArray(field: number): boolean {
    return this.#inArrays[field] === this.#reading;
  }

  /** Returns the first value of a field that the event has. */
  first(field: number): Scalar {
    return this.#first[field] ?? null;
  }

  /** Returns the values after the first of a field that the event has. */
  more(field: number): readonly Scalar[] {
    return this.#more[field] ?? none;
  }

  /** Returns the array paths of a field's values, from the first on. A value without an entry is outside all arrays. */
  arrayPaths(field: number): readonly (ArrayPath | null)[] {
    if (!this.#withPaths) this.#readAll(true);
    return this.#arrayPaths[field] ?? none;
  }

  #readAll(withPaths: boolean): void {
    this.#begin(withPaths);
    if (this.event !== undefined) this.#readObject(this.#tree.root, this.event, null);
  }

  #begin(withPaths: boolean): void {
    this.#reading += 1;
    this.#withPaths = withPaths;
    this.count = 0;
    this.nested = false;
    this.dotted = false;
    this.tooDeep = false;
    this.#arrays = 0;
    this.#depth = 0;
  }

  #readObject(node: FieldNode, fields: Readonly<Record<string, unknown>>, arrayPath: ArrayPath | null): void {
    if (node.few !== undefined) {
      for (const child of node.few) {
        const { name } = child;
        const value = fields[name];
        if (value !== undefined && Object.hasOwn(fields, name)) this.#readValue(child, value, arrayPath);
      }
      return;
    }
    let position = -1;
    for (const name in fields) {
      position += 1;
      const child = node.follow(name, position);
      if (child === undefined || !Object.hasOwn(fields, name)) continue;
      if (child.name !== name) this.dotted = true;
      this.#readValue(child, fields[name], arrayPath);
    }
  }

  #readValue(node: FieldNode, value: unknown, arrayPath: ArrayPath | null): void {
    if (isScalar(value)) {
      if (node.field !== -1) this.#add(node.field, value, arrayPath);
    } else if (this.#depth === depthLimit) {
      this.tooDeep = true;
    } else {
      this.#depth += 1;
      this.#readContainer(node, value, arrayPath);
      this.#depth -= 1;
    }
  }

  #readContainer(node: FieldNode, value: unknown, arrayPath: ArrayPath | null): void {
    if (Array.isArray(value)) {
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
        this.#readValue(node, element, this.#withPaths ? { array, index, outer: arrayPath } : someElement);
      }
    }
  }

  /** Adds a value of a field, for readers. */
  add(field: number, value: Scalar): void {
    this.#add(field, value, null);
  }

  #add(field: number, value: Scalar, arrayPath: ArrayPath | null): void {
    while (field >= this.#seen.length) this.#grow();
    if (this.#seen[field] !== this.#reading) {
      this.#seen[field] = this.#reading;
      this.#first[field] = value;
      this.present[this.count] = field;
      this.count += 1;
      const more = this.#more[field];
      if (more !== undefined && more.length > 0) more.length = 0;
      const arrayPaths = this.#arrayPaths[field];
      if (arrayPaths !== undefined && arrayPaths.length > 0) arrayPaths.length = 0;
    } else {
      const more = this.#more[field];
      if (more === undefined) this.#more[field] = [value];
      else more.push(value);
    }
    if (arrayPath !== null) this.#addArrayPath(field, arrayPath);
  }

  /** Makes room for one more field of the tree. */
  #grow(): void {
    this.#seen.push(0);
    this.#first.push(null);
    this.#more.push(undefined);
    this.#arrayPaths.push(undefined);
    this.#inArrays.push(0);
  }

  #addArrayPath(field: number, arrayPath: ArrayPath): void {
    this.nested = true;
    this.#inArrays[field] = this.#reading;
    if (!this.#withPaths) return;
    const arrayPaths = this.#arrayPaths[field] ?? [];
    this.#arrayPaths[field] = arrayPaths;
    const index = this.more(field).length;
    while (arrayPaths.length < index) arrayPaths.push(null);
    arrayPaths.push(arrayPath);
  }
}

function parseText(text: unknown): unknown {
  if (typeof text !== "string") throw new BusError("invalid_event", `the event ${mustBe("JSON text", text)}`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BusError("invalid_event", `the event is not JSON: ${messageOf(cause)}`, { cause });
  }
}
