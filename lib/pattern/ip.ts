/** An inclusive range of addresses as upper-case hexadecimal digits, 8 for IPv4 and 32 for IPv6. */
export interface HexRange {
  readonly from: string;
  readonly to: string;
}

const ipv6 = /^[0-9a-fA-F:]*:[0-9a-fA-F:]*$/;

/** The last text and its digits: an event's value is compared with many blocks in a row. */
const last: { text: string; digits: string | undefined } = { text: "", digits: undefined };

/**
 * Converts an address to hexadecimal digits, or returns `undefined` if the string is not an address. An IPv4-mapped IPv6
 * address is converted to the IPv4 address.
 */
export function ipToHex(text: string): string | undefined {
  if (text !== last.text) {
    last.digits = convert(text);
    last.text = text;
  }
  return last.digits;
}

function convert(text: string): string | undefined {
  if (text.length < 2 || text.length > 256) return undefined;
  const first = text.charCodeAt(0);
  if (text.length <= 15 && first >= 0x30 && first <= 0x39 && !text.includes(":")) return ipv4Digits(text);
  const bytes = ipv6.test(text) ? ipv6Bytes(text) : undefined;
  return bytes?.map((byte) => hexBytes[byte] ?? "").join("");
}

/** Returns the addresses of a block: the first `bits` bits of the address are fixed, all others vary. */
export function blockRange(address: string, bits: number): HexRange {
  const fixed = Math.floor(bits / 4);
  const variable = address.length - fixed - 1;
  const digit = Number.parseInt(address.charAt(fixed), 16);
  const mask = 0xf >> (bits % 4);
  const low = (digit & ~mask).toString(16).toUpperCase();
  const high = (digit | mask).toString(16).toUpperCase();
  const kept = address.slice(0, fixed);
  return { from: kept + low + "0".repeat(variable), to: kept + high + "F".repeat(variable) };
}

/**
 * Whether digits are in a range. They are compared from the left until the result is known, whatever their length, as AWS's
 * engine does: an IPv6 address is in the IPv4 block that contains its first 32 bits. An IPv4 address is in an IPv6 block if
 * its digits alone decide it.
 */
export function inHexRange({ from, to }: HexRange, digits: string): boolean {
  const { length } = digits;
  if (length < from.length) return digits > from.slice(0, length) && digits < to.slice(0, length);
  const compared = length === from.length ? digits : digits.slice(0, from.length);
  return compared >= from && compared <= to;
}

/** The digits of every byte. */
const hexBytes = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0").toUpperCase());

const dot = 0x2e;

function ipv4Digits(text: string): string | undefined {
  let address = "";
  let [byte, digits, dots] = [0, 0, 0];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const digit = code - 0x30;
    if (digit >= 0 && digit <= 9) {
      byte = byte * 10 + digit;
      digits += 1;
      if (byte > 255) return undefined;
    } else if (code === dot && digits > 0) {
      address += hexBytes[byte] ?? "";
      byte = 0;
      digits = 0;
      dots += 1;
    } else {
      return undefined;
    }
  }
  return dots === 3 && digits > 0 ? address + (hexBytes[byte] ?? "") : undefined;
}

function ipv6Bytes(text: string): number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [left, right] = halves.map((half) => (half === "" ? [] : half.split(":")));
  if (left === undefined) return undefined;
  const given = left.length + (right?.length ?? 0);
  if (right === undefined ? given !== 8 : given > 7) return undefined;
  const groups = [...left, ...new Array<string>(8 - given).fill("0"), ...(right ?? [])];
  const values = groups.map((group) => (group === "" ? Number.NaN : Number.parseInt(group, 16)));
  if (!values.every((value) => value <= 0xffff)) return undefined;
  const bytes = values.flatMap((value) => [value >> 8, value & 0xff]);
  const mapped = values.slice(0, 5).every((value) => value === 0) && values[5] === 0xffff;
  return mapped ? bytes.slice(12) : bytes;
}
