import { atLeast, canary, defineSluice, lambdaTraining, latency, notWorseThanChampion } from 'sluice';

/** What `npm start` deploys, whatever sluice.config.ts says meanwhile. */
export default defineSluice({
  environments: { dev: {} },
  models: {
    churn: {
      problem: { kind: 'binary', target: 'churned', positive: 'yes', id: 'customer_id' },
      training: lambdaTraining({ learners: ['gradient-boosted-trees'] }),
      gates: [atLeast('auc', 0.75), notWorseThanChampion('auc', { margin: 0.01 }), latency({ p95: '20 ms' })],
      // On a laptop everything shares a few cores: only a clear slowdown means something.
      rollout: canary({ steps: [20, 50], bake: '3 minutes', guardrails: { latency: { delta: 0.1 } } }),
      monitoring: { every: '1 day', quality: { maturity: '1 day' } },
      reactions: { drift: 'notify', quality: 'retrain' },
    },
  },
});
