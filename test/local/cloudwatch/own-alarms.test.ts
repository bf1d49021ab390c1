import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cloudWatchService } from '../../../local/cloudwatch/service.ts';
import type { Principal } from '../../../local/iam/principal.ts';
import type { Document } from '../../../local/kernel/service.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';
import { ofType, templates } from '../../support/templates.ts';

const MINUTE = 60_000;
const operator: Principal = { kind: 'operator', arn: 'arn:aws:iam::000000000000:user/test' };

/** A template's value with something in the place of every intrinsic. */
function resolved(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(resolved);
  if (typeof value !== 'object' || value === null) return value;
  const [key = '', argument] = Object.entries(value)[0] ?? [];
  if (key === 'Ref' || key === 'Fn::ImportValue') return String(argument);
  if (key === 'Fn::GetAtt') return (argument as string[]).join('.');
  if (key === 'Fn::Join') return (resolved((argument as unknown[])[1]) as string[]).join('');
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, resolved(item)]));
}

interface Metric {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: { Name: string; Value: string }[];
}

const alarms = Object.entries(templates()).flatMap(([stack, template]) =>
  ofType(template, 'AWS::CloudWatch::Alarm').map(([id, { Properties }]) => {
    const { AlarmActions: _alarm, OKActions: _ok, ...rest } = Properties;
    return [`${stack}/${id}`, resolved(rest) as Document & Partial<Metric>] as const;
  }),
);

const metricsOf = (alarm: Document & Partial<Metric>): Metric[] =>
  alarm.Metrics === undefined
    ? [alarm as unknown as Metric]
    : (alarm.Metrics as { MetricStat?: { Metric: Metric } }[]).flatMap(({ MetricStat }) => MetricStat?.Metric ?? []);

describe('the alarms of our own templates', () => {
  let cloud: TestKernel;
  beforeEach(async () => {
    cloud = await startKernel({ services: [cloudWatchService] });
  });
  afterEach(() => cloud.stop());

  const call = (action: string, input: Document) => {
    const { context } = cloud.kernel;
    return context.clock.run('test', (work) => context.call(operator, 'monitoring', action, input, work));
  };
  const state = async () =>
    ((await call('DescribeAlarms', {})).MetricAlarms as { StateValue: string }[])[0]?.StateValue;

  test('are several', () => expect(alarms.length).toBeGreaterThanOrEqual(4));

  test.each(alarms)('%s rises with every metric of its own, and falls', async (name, alarm) => {
    const { Threshold, TreatMissingData, Period = 60 } = alarm as { Threshold: number } & Document;
    const silenceIsGood = TreatMissingData === 'notBreaching';
    await call('PutMetricAlarm', { ...alarm, AlarmName: name });
    await cloud.clock.advance(MINUTE);
    expect(await state()).toBe(silenceIsGood ? 'OK' : 'INSUFFICIENT_DATA');
    for (const { Namespace, MetricName, Dimensions } of metricsOf(alarm)) {
      const dimensions = Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, Value]));
      const put = (value: number) =>
        cloud.kernel.context.putServiceMetric({ namespace: Namespace, name: MetricName, dimensions, value });
      put(Threshold + 1);
      await cloud.clock.advance(MINUTE);
      expect(await state()).toBe('ALARM');
      await cloud.clock.advance(Math.max(60 * MINUTE, 4_000 * Number(Period)));
      // What only a look can tell stays as it was until the next one.
      expect(await state()).toBe(silenceIsGood ? 'OK' : 'ALARM');
      put(Math.min(0, Threshold));
      await cloud.clock.advance(MINUTE);
      expect(await state()).toBe('OK');
    }
  });
});
