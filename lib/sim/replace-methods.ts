/** An object with some of its members replaced; its other methods are called on the object itself. */
export function replaceMethods<Target extends object>(target: Target, members: Partial<Target>): Target {
  return new Proxy(target, {
    get: (object, name) => {
      if (Object.hasOwn(members, name)) return Reflect.get(members, name);
      const value: unknown = Reflect.get(object, name);
      return typeof value === "function" ? value.bind(object) : value;
    },
    has: (object, name) => Reflect.has(object, name),
  });
}
