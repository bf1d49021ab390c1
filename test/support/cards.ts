import { buildCard, type Card } from '../../domain/card.ts';
import type { DataSchema } from '../../domain/data-schema.ts';
import { defaultGates, judge } from '../../domain/gates/judge.ts';
import { registerVersion } from '../../domain/registry.ts';
import { emptyHead } from '../../domain/registry-items.ts';
import type { Scores } from '../../domain/scores.ts';
import { dataSchemaOf, evaluationOf, newVersion } from './domain-builders.ts';

const churned: DataSchema['target'] = { kind: 'binary', name: 'churned', classes: ['no', 'yes'], positive: 'yes' };

/** The card of a registered version with these scores. */
export function cardOf(
  scores: Scores,
  target: DataSchema['target'] = churned,
  features = ['tenure', 'contract'],
): Card {
  const evaluation = evaluationOf(scores);
  const judgement = judge(evaluation, scores, defaultGates({ kind: scores.kind }));
  const gates = { passed: judgement.passed, failed: [] };
  const act = {
    who: 'gates',
    why: 'all gates passed',
    time: '2026-03-01T09:41:00.000Z',
    approval: 'automatic' as const,
  };
  const registered = registerVersion(emptyHead('churn'), newVersion({ gates }), act);
  const version = registered.ok ? registered.versions[0] : undefined;
  if (!registered.ok || !version) throw new Error('not registered');
  const evidence = {
    evaluation: { key: 'evaluation.json', sha256: 'e' },
    scores: { key: 'scores.json', sha256: 's' },
    artifactSha256: 'a',
    gates: [],
  };
  const file = { model: 'churn', runId: version.runId, ...judgement, evidence };
  const schema = dataSchemaOf(target, features);
  return buildCard({ version, evaluation, scores, judgement: file, schema, decisions: [registered.decision] });
}
