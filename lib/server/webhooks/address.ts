import { lookup as systemLookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { BusError } from "../../error/bus-error.ts";

/** Addresses of IPv4 that are no host of the internet: IANA's registry of special-purpose addresses, multicast, and class E. */
const special4 = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const;

/** Of the one block of IPv6 that is given out, what is not: Teredo and its like, documentation, and 6to4, which holds an address of IPv4. */
const special6 = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
] as const;

const global6 = new BlockList();
global6.addSubnet("2000::", 3, "ipv6");
const special = new BlockList();
for (const [net, prefix] of special4) special.addSubnet(net, prefix, "ipv4");
for (const [net, prefix] of special6) special.addSubnet(net, prefix, "ipv6");

/** Whether an IP address is one of the internet, and none of this machine, of a network of one's own, or of a cloud's metadata. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !special.check(address, "ipv4");
  // What holds an address of IPv4 in another block, such as ::ffff:10.0.0.1 and 64:ff9b::10.0.0.1, is not global.
  return family === 6 && global6.check(address, "ipv6") && !special.check(address, "ipv6");
}

/** Resolves a name to its addresses, as `dns.lookup` does with `all`. */
export type Resolve = (
  name: string,
  options: { readonly all: true; readonly family?: number },
  done: (error: NodeJS.ErrnoException | null, addresses: { address: string; family: number }[]) => void,
) => void;

const systemResolve: Resolve = (name, options, done) => systemLookup(name, options, done);

/**
 * A lookup for a connection that goes to public addresses alone. The connection is made to the very address that was looked at,
 * so that a name which means another one a moment later (DNS rebinding) gains nothing. Fails where one of a name's addresses is not public.
 */
export function publicLookup(resolve: Resolve = systemResolve): LookupFunction {
  return (name, options, done) => {
    const family = typeof options.family === "number" ? { family: options.family } : {};
    resolve(name, { all: true, ...family }, (error, addresses) => {
      const [first] = addresses ?? [];
      const hidden = addresses?.find(({ address }) => !isPublicAddress(address));
      if (error !== null || first === undefined) done(error ?? new Error(`${name} has no address`), "");
      else if (hidden !== undefined) done(notPublic(`${name} is ${hidden.address}, which`), "");
      else if (options.all === true) done(null, addresses);
      else done(null, first.address, first.family);
    });
  };
}

/** Refuses a host that is written as an address which is not public; a name is looked at when it is connected to. */
export function checkLiteral(hostname: string): void {
  const address = hostname.replace(/^\[|\]$/g, "");
  if (isIP(address) !== 0 && !isPublicAddress(address)) throw notPublic(address);
}

function notPublic(what: string): BusError {
  return new BusError(
    "invalid_config",
    `${what} is not a public address; a server sends webhooks to others only with --allow-private-webhooks`,
  );
}
