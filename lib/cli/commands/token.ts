import type { Command } from "commander";
import { Option } from "commander";
import { BusError } from "../../error/bus-error.ts";
import { parseDuration } from "../../event/duration.ts";
import { normalizeTime } from "../../event/time.ts";
import { type Role, roles } from "../../server/access/grant.ts";
import { TokenFile } from "../../server/access/token-file.ts";
import { createToken, type StoredToken } from "../../server/access/tokens.ts";
import { selectorProblem } from "../../subscription/selector-name.ts";
import { addDefaultCommand, createCommand, type GlobalOptions } from "../command.ts";
import type { CliIo } from "../io.ts";
import { resolveBusOptions } from "../open-bus.ts";
import { tokenFileOf } from "../options/token-file.ts";
import { collect } from "../options/values.ts";
import { writeJson } from "../output/json.ts";
import { type Column, renderTable } from "../output/table.ts";
import { printable } from "../output/text.ts";

interface CreateOptions extends GlobalOptions {
  tokens?: string;
  role: Role[];
  source?: string;
  types?: string[];
  expires: string;
}

/** `waggle token` */
export function tokenCommand(io: CliIo): Command {
  const group = createCommand(io, "token", {
    summary: "create, list or revoke tokens for the server",
    description:
      "Tokens of waggle serve. They are kept beside the database as hashes: a token is shown once, when it is created.",
    examples: [
      ["token create --role publish --source agent-7", "for an agent that only publishes, as itself"],
      ["token create --role publish --role subscribe --types 'task.*' --expires 7d", "for some types, for a week"],
      ["token list", "all tokens"],
      ["token revoke 3f2a91c07b5e", "end one at once"],
    ],
  });
  addDefaultCommand(group, listCommand(io));
  return group.addCommand(createTokenCommand(io)).addCommand(revokeCommand(io));
}

function fileOption(): Option {
  return new Option("--tokens <file>", "file of the tokens (default: tokens.json beside the database)");
}

function createTokenCommand(io: CliIo): Command {
  return createCommand(io, "create", {
    summary: "make a token and show it",
    examples: [["token create --role operate --expires 1d", "for an operator, for a day"]],
    exits: { ok: "created", failed: "the file cannot be written" },
  })
    .addOption(
      new Option(
        "--role <role>",
        "publish, subscribe (read and consume) or operate (everything); several times: each of them",
      )
        .argParser((value: string, before: Role[] | undefined) => [...(before ?? []), roleOf(value)])
        .makeOptionMandatory(),
    )
    .option("--source <source>", "the only source that it may publish as, and its default")
    .option("--types <types>", "the only types that it may publish and read, * allowed, separated by commas", typesOf)
    .option("--expires <when>", "how long it is valid (30d), or until when (RFC 3339)", "90d")
    .addOption(fileOption())
    .action(async (_, self: Command) => {
      const { role, source, types, expires, tokens, json } = self.optsWithGlobals<CreateOptions>();
      const now = io.now();
      const file = await openFile(io, self, tokens);
      const grant = {
        roles: [...new Set(role)],
        ...(source === undefined ? {} : { source }),
        ...(types === undefined ? {} : { types }),
      };
      const { text, stored } = createToken(grant, { now, expiresAt: expiryOf(expires, now) });
      await file.add(stored, now);
      const { hash: _hash, ...shown } = stored;
      if (json === true) writeJson(io.stdout, { token: text, ...shown });
      else {
        io.stdout.write(`${text}\n`);
        io.stderr.write(
          `this is the only time that it is shown; it is ${stored.id} in the list, and expires at ${stored.expiresAt}\n`,
        );
      }
    });
}

function listCommand(io: CliIo): Command {
  return createCommand(io, "list", {
    summary: "all tokens, without their secrets",
    exits: { ok: "listed, even if there are none", failed: "the file cannot be read" },
  })
    .addOption(fileOption())
    .action(async (_, self: Command) => {
      const { tokens: path, json } = self.optsWithGlobals<GlobalOptions & { tokens?: string }>();
      const tokens = await (await openFile(io, self, path)).list();
      if (json === true) for (const { hash: _hash, ...shown } of tokens) writeJson(io.stdout, shown);
      else if (tokens.length > 0) io.stdout.write(renderTokens(io, tokens));
      else io.stderr.write(io.stderr.colors.dim("there are no tokens\n"));
    });
}

function revokeCommand(io: CliIo): Command {
  return createCommand(io, "revoke", {
    summary: "end a token at once",
    exits: { ok: "revoked", failed: "there is no such token" },
  })
    .argument("<id>", "id of the token, as in the list")
    .addOption(fileOption())
    .action(async (id: string, _, self: Command) => {
      const { tokens, json } = self.optsWithGlobals<GlobalOptions & { tokens?: string }>();
      if (!(await (await openFile(io, self, tokens)).remove(id))) {
        throw new BusError("not_found", `there is no token ${id}; waggle token list shows them`);
      }
      if (json === true) writeJson(io.stdout, { id, revoked: true });
      else io.stdout.write(`revoked ${id}\n`);
    });
}

async function openFile(io: CliIo, command: Command, given: string | undefined): Promise<TokenFile> {
  return new TokenFile(tokenFileOf(io, await resolveBusOptions(io, command), given));
}

function roleOf(value: string): Role {
  const role = roles.find((one) => one === value);
  if (role !== undefined) return role;
  throw new BusError("invalid_config", `--role must be ${roles.join(", ")}, not ${JSON.stringify(value)}`);
}

function typesOf(value: string, before: string[] | undefined): string[] {
  const types = value.split(",").map((type) => type.trim());
  for (const type of types) {
    const problem = selectorProblem(type);
    if (problem !== undefined) throw new BusError("invalid_config", `--types: ${JSON.stringify(type)} ${problem}`);
  }
  return types.reduce<string[]>((all, type) => collect(type, all), before ?? []);
}

/** Milliseconds since 1970. */
function expiryOf(expires: string, now: number): number {
  const time = normalizeTime(expires);
  const at = time === undefined ? now + parseDuration(expires, "--expires", { min: 1_000 }) : Date.parse(time);
  if (at > now) return at;
  throw new BusError("invalid_config", `--expires: ${expires} is past; give a later time`);
}

function renderTokens(io: CliIo, tokens: readonly StoredToken[]): string {
  const { bold, dim, red } = io.stdout.colors;
  const expired = ({ expiresAt }: StoredToken) => Date.parse(expiresAt) <= io.now();
  const columns: Column<StoredToken>[] = [
    { title: "ID", text: ({ id }) => id, style: bold },
    { title: "ROLES", text: ({ roles: granted }) => granted.join(", ") },
    { title: "SOURCE", text: ({ source }) => printable(source ?? "any") },
    { title: "TYPES", text: ({ types }) => printable(types?.join(", ") ?? "all"), flexible: true },
    {
      title: "EXPIRES",
      text: (token) => token.expiresAt,
      style: (text, token) => (expired(token) ? red(text) : dim(text)),
    },
  ];
  return renderTable(io.stdout, columns, tokens);
}
