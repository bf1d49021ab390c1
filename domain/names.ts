/** Where things live: S3 keys, registry keys, metric and output names that both the stacks and the handlers need. */

/** `<model>/training/` – datasets go here. */
export const trainingPrefix = (model: string) => `${model}/training/`;

/** `<model>/truth/` – late labels go here. */
export const truthPrefix = (model: string) => `${model}/truth/`;

/** `<model>/training/retrain/<incident>.csv` – a dataset that labelled predictions are part of. */
export const retrainKey = (model: string, incident: string) => `${trainingPrefix(model)}retrain/${incident}.csv`;

/** `<model>/quarantine/<sha256>/` – where a refused upload is moved, with its report. */
export const quarantinePrefix = (model: string, sha256: string) => `${model}/quarantine/${sha256}/`;

/** `<model>/runs/<runId>/` in the artifact bucket – everything that one run writes. */
export const runPrefix = (model: string, runId: string) => `${model}/runs/${runId}/`;

/** `<model>/captures/` – what was predicted, by version and hour, see domain/capture.ts. */
export const capturesPrefix = (model: string) => `${model}/captures/`;

/** `<model>/captures/version=000042/hour=2026-11-23T10/` – the captures of one version whose log events came in one hour. */
export const capturePartition = (model: string, version: number, hour: string) =>
  `${capturesPrefix(model)}version=${paddedVersion(version)}/hour=${hour}/`;

/** How a version stands in keys, so that they sort by number. */
export const paddedVersion = (version: number) => String(version).padStart(6, '0');

/** `<model>/capture-errors/` – capture records that could not be read, as Firehose keeps them. */
export const captureErrorsPrefix = (model: string) => `${model}/capture-errors/`;

/** `<model>/labels/` in the artifact bucket – late labels as they were understood, by the day they were received. */
export const labelsPrefix = (model: string) => `${model}/labels/`;

/** The files of a run, relative to {@link runPrefix}. */
export const RUN_FILES = {
  schema: 'schema.json',
  validation: 'validation.json',
  train: 'train.csv',
  test: 'test.ndjson',
  profile: 'profile.json',
  evaluation: 'evaluation.json',
  scores: 'scores.json',
  golden: 'golden.json',
  judgement: 'judgement.json',
  cardJson: 'card.json',
  cardHtml: 'card.html',
} as const;

/** `<run prefix>candidates/<learner>/artifact.zip`. */
export const candidateArtifact = (model: string, runId: string, learner: string) =>
  `${runPrefix(model, runId)}candidates/${learner}/artifact.zip`;

/** `rollout-<token>.json` and `.html` among the files of the run that made the challenger: the card of one rollout. */
export const rolloutCard = (model: string, runId: string, token: number) => ({
  json: `${runPrefix(model, runId)}rollout-${token}.json`,
  html: `${runPrefix(model, runId)}rollout-${token}.html`,
});

/** `<model>/windows/<id>/` in the artifact bucket – what was looked at in one window of live predictions, and its report. */
export const windowPrefix = (model: string, id: string) => `${model}/windows/${id}/`;

/** The files of a window, relative to {@link windowPrefix}. */
export const WINDOW_FILES = {
  /** What the map of the state machine goes through. */
  objects: 'objects.json',
  /** The same with all that belongs to it. */
  plan: 'plan.json',
  profile: (item: string) => `profiles/${item}.json`,
  report: 'report.json',
  page: 'report.html',
} as const;

/** Registry keys: partition `MODEL#<model>`, sort keys below. */
export const registryPartition = (model: string) => `MODEL#${model}`;
export const SORT_KEYS = {
  head: 'HEAD',
  slot: 'SLOT',
  schema: 'SCHEMA',
  version: (version: number) => `VERSION#${paddedVersion(version)}`,
  decision: (sequence: number) => `DECISION#${String(sequence).padStart(10, '0')}`,
  dataset: (sha256: string) => `DATASET#${sha256}`,
  upload: (id: string) => `UPLOAD#${id}`,
  labels: (sha256: string) => `LABELS#${sha256}`,
  run: (runId: string) => `RUN#${runId}`,
  rollout: (token: number) => `ROLLOUT#${String(token).padStart(10, '0')}`,
  reactions: 'REACTIONS',
  incident: (id: string) => `INCIDENT#${id}`,
  approval: (version: number) => `APPROVAL#${String(version).padStart(6, '0')}`,
  window: (id: string) => `WINDOW#${id}`,
  monitor: (version: number) => `MONITOR#${String(version).padStart(6, '0')}`,
  cohort: (id: string) => `COHORT#${id}`,
} as const;

/** CloudWatch namespace of Sluice's own metrics. */
export const METRIC_NAMESPACE = 'Sluice';

/** Stable names of stack outputs, the contract with people, scripts and the CLI. */
export const OUTPUTS = {
  dataBucket: 'DataBucketName',
  artifactBucket: 'ArtifactBucketName',
  registryTable: 'RegistryTableName',
  alertsTopic: 'AlertsTopicArn',
  trainStateMachine: 'TrainStateMachineArn',
  rolloutStateMachine: 'RolloutStateMachineArn',
  reactStateMachine: 'ReactStateMachineArn',
  monitorStateMachine: 'MonitorStateMachineArn',
  predictFunction: 'PredictFunctionName',
  predictUrl: 'PredictUrl',
} as const;

/** Stack names: `Sluice-<environment>-Data` and `Sluice-<environment>-<model>`. */
export const dataStackName = (environment: string) => `Sluice-${environment}-Data`;
export const modelStackName = (environment: string, model: string) => `Sluice-${environment}-${model}`;

/** The alias that callers of a model use; its routing is the traffic split. */
export const LIVE_ALIAS = 'live';
