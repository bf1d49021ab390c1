import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Cloud, type CloudOptions, startCloud } from '../../../local/cloud.ts';
import type { ServiceFactory } from '../../../local/kernel/cloud.ts';
import type { ResourceType } from '../../../local/kernel/resource-type.ts';
import { ssmService } from '../../../local/ssm/service.ts';
import { writeAssembly } from '../../support/assembly.ts';
import { roleStatements, withoutStatement } from '../../support/role-statements.ts';

const START = Date.UTC(2026, 0, 5);
const DAY = 86_400_000;

let folder: string;
const running = new Set<Cloud>();
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-cloud-'));
});
afterEach(async () => {
  for (const cloud of running) await cloud.stop();
  running.clear();
  rmSync(folder, { recursive: true, force: true });
});

async function start(options: CloudOptions = {}): Promise<Cloud> {
  const cloud = await startCloud({ time: 'skip', startAt: START, services: [ssmService], ...options });
  running.add(cloud);
  return cloud;
}
async function stop(cloud: Cloud): Promise<void> {
  running.delete(cloud);
  await cloud.stop();
}

const assembly = (value: string) =>
  writeAssembly(join(folder, 'cdk.out'), {
    dev: {
      App: {
        template: {
          Resources: {
            Limit: { Type: 'AWS::SSM::Parameter', Properties: { Type: 'String', Value: value } },
            Role: {
              Type: 'AWS::IAM::Role',
              Properties: {
                AssumeRolePolicyDocument: {
                  Statement: [
                    { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
                  ],
                },
                Policies: [
                  {
                    PolicyName: 'read',
                    PolicyDocument: {
                      Statement: [{ Sid: 'Read', Effect: 'Allow', Action: 'ssm:GetParameter', Resource: '*' }],
                    },
                  },
                ],
              },
            },
          },
          Outputs: {
            Limit: { Value: { Ref: 'Limit' } },
            RoleArn: { Value: { 'Fn::GetAtt': ['Role', 'Arn'] } },
          },
        },
      },
    },
  });

/** Reads the parameter as the role of the stack. */
async function readAsRole({ context, outputs }: Cloud): Promise<unknown> {
  const { RoleArn: arn = '', Limit: name = '' } = outputs().App ?? {};
  const role = context.rolePrincipal(arn, 'test');
  const answer = await context.clock.run('test', (work) =>
    context.call(role, 'ssm', 'GetParameter', { Name: name }, work),
  );
  return (answer.Parameter as { Value: string }).Value;
}

describe('a state folder', () => {
  const stateDir = () => join(folder, 'state');

  test('is found again: the next deployment updates in place, names and permissions stay', async () => {
    const first = await start({ stateDir: stateDir() });
    const { outputs } = await first.deploy(assembly('one'));
    await stop(first);

    const second = await start({ stateDir: stateDir() });
    expect(second.endpoint).toBe(first.endpoint);
    expect(second.outputs()).toEqual(outputs);
    expect(await readAsRole(second)).toBe('one');
    const { stacks } = await second.deploy(assembly('two'));
    expect(stacks[0]).toMatchObject({ status: 'UPDATE_COMPLETE', created: [], replaced: [], unchanged: 1 });
    expect(stacks[0]?.updated).toMatchObject([{ logicalId: 'Limit', properties: ['Value'] }]);
    expect(second.outputs()).toEqual(outputs);
    expect(await readAsRole(second)).toBe('two');
  });

  test('keeps the time: a cloud does not wake up before it went to sleep', async () => {
    const first = await start({ stateDir: stateDir() });
    await first.clock.advance(30 * DAY);
    const before = first.clock.now();
    await stop(first);
    const second = await start({ stateDir: stateDir() });
    expect(second.clock.now()).toBeGreaterThanOrEqual(before);
  });

  test('of a cloud that was killed in the middle of a deployment is continued', async () => {
    const slow = (create: ResourceType['create']): ServiceFactory => {
      const update = async ({ physicalId }: { physicalId: string }) => ({ physicalId, attributes: {} });
      const type = { type: 'Test::Slow', properties: [], replacing: [], create, update, delete: async () => undefined };
      return () => ({ name: 'slow', operations: {}, resourceTypes: [type] });
    };
    const Resources = {
      Done: { Type: 'AWS::SSM::Parameter', Properties: { Name: '/done', Type: 'String', Value: 'x' } },
      Slow: { Type: 'Test::Slow', DependsOn: 'Done' },
    };
    const out = writeAssembly(join(folder, 'cdk.out'), { dev: { App: { template: { Resources } } } });

    const reached = Promise.withResolvers<void>();
    const hanging = slow(() => {
      reached.resolve();
      return new Promise(() => undefined);
    });
    const first = await start({ stateDir: stateDir(), services: [ssmService, hanging] });
    void first.deploy(out);
    await reached.promise;
    await stop(first);

    const quick = slow(async () => ({ physicalId: 'slow', attributes: {} }));
    const second = await start({ stateDir: stateDir(), services: [ssmService, quick] });
    const { stacks } = await second.deploy(out);
    expect(stacks[0]).toMatchObject({ status: 'CREATE_COMPLETE', created: [{ logicalId: 'Slow' }], unchanged: 1 });
  });

  test('is refused while another cloud uses it, and free afterwards', async () => {
    const first = await start({ stateDir: stateDir() });
    await expect(start({ stateDir: stateDir() })).rejects.toThrow(
      `The state folder ${stateDir()} is in use by process ${process.pid}`,
    );
    await stop(first);
    await expect(start({ stateDir: stateDir() })).resolves.toBeDefined();
  });

  test('whose cloud was killed is taken over', async () => {
    await stop(await start({ stateDir: stateDir() }));
    writeFileSync(join(stateDir(), 'lock'), String(2 ** 22 + 1));
    await start({ stateDir: stateDir() });
    expect(readFileSync(join(stateDir(), 'lock'), 'utf8')).toBe(String(process.pid));
  });
});

test('a cloud without a state folder leaves nothing behind', async () => {
  const cloud = await start();
  const bulk = cloud.context.store.folder('bodies');
  expect(existsSync(bulk)).toBe(true);
  await stop(cloud);
  expect(existsSync(join(bulk, '..'))).toBe(false);
});

test('a port that is taken is an error, and what was begun is taken back', async () => {
  const cloud = await start();
  const port = Number(new URL(cloud.endpoint).port);
  const stateDir = join(folder, 'state');
  await expect(start({ port, stateDir })).rejects.toThrow('EADDRINUSE');
  expect(existsSync(join(stateDir, 'lock'))).toBe(false);
});

test('IAM decides: what the template does not grant is refused, and the report tells what was used', async () => {
  const cloud = await start();
  await cloud.deploy(assembly('one'));
  expect(await readAsRole(cloud)).toBe('one');

  const without = await start();
  await without.deploy(assembly('one'), {
    transformTemplate: (stack, template) => {
      const [place] = roleStatements(stack, template);
      return withoutStatement(stack, template, place ?? { policy: 'none', index: 0 });
    },
  });
  await expect(readAsRole(without)).rejects.toThrow(
    'because no identity-based policy allows the ssm:GetParameter action',
  );
  expect(without.iam.report().denied).toMatchObject([{ action: 'ssm:GetParameter', times: 1 }]);

  const [usage] = cloud.iam.report().roles;
  expect(usage?.statements).toMatchObject([{ policy: 'App/Role/read', index: 0, sid: 'Read', uses: 1, needed: 1 }]);
});

describe('the control endpoint', () => {
  const get = async (cloud: Cloud, path: string, init?: RequestInit) => {
    const response = await fetch(`${cloud.endpoint}/_sluice/${path}`, init);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  test('tells that it is well, and what the roles used', async () => {
    const cloud = await start();
    await cloud.deploy(assembly('one'));
    expect(await get(cloud, 'health')).toMatchObject({ status: 200, body: { status: 'ok', mode: 'skip' } });
    expect((await get(cloud, 'iam')).body).toEqual(cloud.iam.report());
  });

  test('moves the time of a cloud that skips', async () => {
    const cloud = await start();
    const { body } = await get(cloud, 'clock', { method: 'POST', body: JSON.stringify({ ms: DAY }) });
    expect(Date.parse(String(body.now)) - START).toBeGreaterThanOrEqual(DAY);
  });

  test.each(['{"ms":-1}', '{"ms":"1"}', 'nonsense'])('refuses to move it by %s', async (body) => {
    expect(await get(await start(), 'clock', { method: 'POST', body })).toMatchObject({ status: 400 });
  });

  test('does not move real time', async () => {
    const cloud = await start({ time: 'real' });
    const { status, body } = await get(cloud, 'clock', { method: 'POST', body: '{"ms":1}' });
    expect([status, body.message]).toEqual([400, expect.stringContaining('needs a clock in mode "skip"')]);
  });
});
