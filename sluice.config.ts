import { atLeast, canary, defineSluice, lambdaTraining, latency, notWorseThanChampion } from 'sluice';

export default defineSluice({
  environments: {
    dev: {},
    prod: { encryption: 'customer-managed', logRetentionDays: 365, dashboard: true },
  },
  models: {
    churn: {
      problem: { kind: 'binary', target: 'churned', positive: 'yes', id: 'customer_id' },
      training: lambdaTraining({ learners: ['gradient-boosted-trees'] }),
      gates: [atLeast('auc', 0.75), notWorseThanChampion('auc', { margin: 0.01 }), latency({ p95: '20 ms' })],
      // Or linear({ by: 10, every: '5 minutes' }), blueGreen({ bake: '1 hour' }), allAtOnce(), and shadow({ for: '1 day', sample: 0.5 }):
      // the challenger gets copies of requests, nobody gets its answers, and its card compares them row by row.
      rollout: canary({ steps: [10, 50], bake: '10 minutes' }),
    },
  },
});
