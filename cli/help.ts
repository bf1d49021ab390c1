/** What `--help` shows below the options: two or three real commands for each verb, and what to expect of them. */
export const EXAMPLES: Readonly<Record<string, string>> = {
  local: `
Examples:
  npx sluice local                               state in memory, a free port, real time
  npx sluice local --port 4566 --state .sluice   the same place again, with everything in it
  npx sluice local --time skip                   waits take no time
  npx sluice local --json                        one line of JSON as soon as it can be used
  SLUICE_CONFIG=my.config.ts npx sluice local    another configuration

Then, in another shell, set the exports that it prints: this CLI, the aws CLI and any SDK talk to it.
Ctrl+C stops it. With --state, a deployment over what is there says what it updated and replaced.`,
  upload: `
Examples:
  npx sluice upload churn january.csv --wait     follow the run to its outcome
  npx sluice upload churn export.parquet --as 2026-01.parquet
  npx sluice upload churn january.csv --wait --json | jq -r .status

With --wait: exit 0 when it was registered or waits for approval, 3 when it was rejected, quarantined or superseded,
1 when the run failed. Uploading the same content again starts nothing and answers as the first time.`,
  models: `
Examples:
  npx sluice models
  npx sluice models --json | jq -r '.models[].champion.semver'`,
  runs: `
Examples:
  npx sluice runs churn
  npx sluice runs churn --json | jq '.uploads[] | select(.status == "QUARANTINED")'`,
  versions: `
Examples:
  npx sluice versions churn
  npx sluice versions churn --json | jq '.versions[] | {semver, stage, auc: .metrics.auc.value}'`,
  show: `
Examples:
  npx sluice show churn              the champion, or the last version where there is none
  npx sluice show churn@3
  npx sluice show churn@1.2.0 --json`,
  card: `
Examples:
  npx sluice card churn              the champion's card as text
  npx sluice card churn@3 --html card.html
  npx sluice card churn@1.2.0 --json`,
  predict: `
Examples:
  npx sluice predict churn customers.csv
  echo '{"plan": "basic", "tenure_months": 3}' | npx sluice predict churn -
  npx sluice predict churn rows.json --json | jq '.predictions[].score'

Takes {"instances": [{…}]}, a list, one object, JSON lines, or CSV with a header (the target column may be there; it is not
sent). Exit 3 when a row does not fit or nothing serves yet.`,
  rollout: `
Examples:
  npx sluice rollout churn@3 --wait              in the steps that are configured, to its end
  npx sluice rollout churn@3 --promote --reason 'watched it for a day'

Exit 3 when it is refused, or with --wait when it was rolled back.`,
  rollback: `
Examples:
  npx sluice rollback churn                      end the rollout that goes on, else what served before serves again
  npx sluice rollback churn --to 1.2.0 --reason 'complaints since Monday'`,
  watch: `
Examples:
  npx sluice watch churn                         until it ends; exit 3 when it was not promoted
  npx sluice watch churn --json | jq .decision`,
  truth: `
Examples:
  npx sluice truth churn outcomes-october.csv --wait
  npx sluice truth churn corrections.parquet --as 2026-10-corrected.parquet

A line is inference_id,label and where known time. Late, repeated and corrected labels are fine: the last one counts. With
--wait: exit 0 when it was taken in, 3 when it was quarantined.`,
  drift: `
Examples:
  npx sluice drift churn                         of the last window with predictions; exit 3 when something alerts
  npx sluice drift churn --json | jq '.features[] | select(.signal != "NONE")'

EVIDENCE is what the windows so far have gathered, as a share of what makes an alert.`,
  report: `
Examples:
  npx sluice report churn                        the last window with predictions, in a few lines
  npx sluice report churn --open                 its page in a browser
  npx sluice report churn --window 2026-11-23T10:00Z --html report.html
  npx sluice report churn --json | jq .fired`,
  incidents: `
Examples:
  npx sluice incidents churn                     open ones first
  npx sluice incidents churn drift-20261123T1000Z
  npx sluice incidents churn --json | jq '.incidents[] | select(.status == "OPEN")'`,
  snooze: `
Examples:
  npx sluice snooze churn drift-20261123T1000Z --for 2d --why 'the campaign ends on Friday'

Until then nobody is told and nothing is done about it by itself; what is seen is still counted. Exit 3 when no such
incident is open.`,
  verify: `
Examples:
  npx sluice verify churn                        against the registry and the artifact bucket
  npx sluice verify churn --save audit/          and keep what was checked
  npx sluice verify churn --from audit/          the same check with no AWS at all

Exit 3 when a decision was altered, removed or reordered, when the head or a version is not as decided, or when an
artifact's SHA-256 is not the one that was registered.`,
  approve: `
Examples:
  npx sluice approve churn@3 --reason 'read the card, agreed with Kim'
  npx sluice approve churn@1.2.0 --by ada`,
  reject: `
Examples:
  npx sluice reject churn@3 --reason 'trained on the week of the outage'`,
};

/** Below the list of all verbs. */
export const OVERVIEW = `
Start here:
  npx sluice local                         start a local cloud; set the exports it prints in another shell
  npx sluice upload churn data.csv --wait  train on a dataset, and see what became of it
  npx sluice predict churn rows.csv        ask the version that serves
  npx sluice <command> --help              more examples

Environment:
  AWS_ENDPOINT_URL, AWS_REGION, AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY
                                           which cloud: a local one or an account, as for every AWS tool
  SLUICE_CONFIG                            configuration file (default: sluice.config.ts of this folder)
  SLUICE_STAGE                             same as --stage
  NO_COLOR                                 no colours

Exit codes: 0 done; 1 our fault; 2 usage; 3 ran, and the answer is no (rejected by a gate, quarantined, does not verify).
With --json, standard output is one JSON document, also for errors: {"error":{"message":…,"hint":…,"exitCode":…}}.`;
