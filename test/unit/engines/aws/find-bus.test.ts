import { describe, expect, test, vi } from "vitest";
import { configOfAddress, parseBusArn } from "../../../../lib/aws-shared/index.ts";
import { findBus, findForeignBus } from "../../../../lib/engines/aws/find-bus.ts";
import { aBusConfig } from "../../../support/a-bus-config.ts";
import { type Operations, ServiceError } from "../../../support/json-stub.ts";
import { clientsAt, stubClients } from "../../../support/stub-clients.ts";

const config = aBusConfig();
const there: Operations = {
  GetParameter: () => ({ Parameter: { Value: JSON.stringify(config) } }),
  DescribeEventBus: () => ({ Name: "agents", Arn: "arn:aws:events:us-east-1:000000000000:event-bus/agents" }),
};

test("a bus that is there is found by its name alone", async () => {
  expect(await findBus(await stubClients(there), "agents")).toEqual(config);
});

test("a bus without its parameter is not found, and the message says where it should be", async () => {
  const refusing = {
    ...there,
    GetParameter: () => {
      throw new ServiceError("ParameterNotFound");
    },
  };
  await expect(findBus(await stubClients(refusing), "agents")).rejects.toMatchObject({
    code: "not_found",
    message: expect.stringMatching(/no bus agents in us-east-1: parameter \/waggle\/agents\/config .*AWS_REGION/),
  });
});

test("a parameter whose bus is gone does not do: PutEvents would drop everything", async () => {
  const refusing = {
    ...there,
    DescribeEventBus: () => {
      throw new ServiceError("ResourceNotFoundException");
    },
  };
  await expect(findBus(await stubClients(refusing), "agents")).rejects.toMatchObject({
    code: "not_found",
    message: expect.stringContaining("EventBridge has none"),
  });
});

test("a parameter of another version is refused with what to do", async () => {
  const newer = { ...there, GetParameter: () => ({ Parameter: { Value: '{"schema":2}' } }) };
  await expect(findBus(await stubClients(newer), "agents")).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringContaining("deploy the stacks and the client from the same version"),
  });
});

test("without the right to ask it is no bus that is missing", async () => {
  const refusing = {
    ...there,
    GetParameter: () => {
      throw new ServiceError("AccessDeniedException");
    },
  };
  await expect(findBus(await stubClients(refusing), "agents")).rejects.toMatchObject({
    code: "unavailable",
    retryable: false,
    message: expect.stringMatching(/parameter \/waggle\/agents\/config: AWS refuses access/),
  });
});

test("an address where nobody answers is named as such", async () => {
  const clients = clientsAt({ region: "us-east-1", endpoint: "http://127.0.0.1:1" });
  await expect(findBus(clients, "agents")).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringMatching(/cannot be reached \(ECONNREFUSED\).*AWS_ENDPOINT_URL/),
  });
});

test("without a Region nothing is asked", async () => {
  for (const name of ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"]) vi.stubEnv(name, undefined);
  vi.stubEnv("AWS_CONFIG_FILE", "/nonexistent");
  const clients = clientsAt({ endpoint: "http://127.0.0.1:1" });
  await expect(findBus(clients, "agents")).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringContaining("set AWS_REGION"),
  });
});

test("a name that no bus can have is refused before", async () => {
  await expect(findBus(await stubClients({}), "My_Bus")).rejects.toMatchObject({ code: "invalid_config" });
});

describe("a bus of another account", () => {
  const arn = "arn:aws:events:eu-west-1:123456789012:event-bus/agents";
  const address = parseBusArn(arn) ?? expect.unreachable();
  const described = (name: string) => ({
    DescribeEventBus: ({ Name }: Readonly<Record<string, unknown>>) => {
      expect(Name).toBe(arn);
      throw new ServiceError(name);
    },
  });

  test("is known by its ARN alone: its account gives away no more", async () => {
    expect(await findForeignBus(await stubClients({ DescribeEventBus: () => ({ Arn: arn }) }), address)).toEqual(
      configOfAddress(address),
    );
  });

  test("is taken to be there where only its account may ask", async () => {
    const clients = await stubClients(described("AccessDeniedException"));
    expect(await findForeignBus(clients, address)).toEqual(configOfAddress(address));
  });

  test("is not found where EventBridge says so", async () => {
    await expect(
      findForeignBus(await stubClients(described("ResourceNotFoundException")), address),
    ).rejects.toMatchObject({
      code: "not_found",
      message: "there is no bus agents of account 123456789012 in eu-west-1; check the ARN",
    });
  });
});
