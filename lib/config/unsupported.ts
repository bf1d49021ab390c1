/** Settings that people look for and this version does not have, with what to use instead. */
export const UNSUPPORTED = {
  sagemakerTraining: 'train with lambdaTraining(): gradient boosted trees and random forests, up to 10 GB of memory',
  sagemakerServing: 'serve with lambdaServing()',
  canary: "roll out with allAtOnce(), behind gates and, where a person should look first, approval: 'manual'",
  linear: 'roll out with allAtOnce()',
  blueGreen: 'roll out with allAtOnce(): the previous version stays published, going back is one alias update',
  shadow: 'roll out with allAtOnce(); the challenger is compared with the champion on the test rows beforehand',
  slack: 'send to Slack by its e-mail address for a channel: notify: { email: [...] }',
  teams: 'send to Teams by its e-mail address for a channel: notify: { email: [...] }',
  jira: 'send to Jira by its e-mail handler: notify: { email: [...] }',
  monitoring: 'leave it out; every prediction is logged with its latency and model version',
  reactions: 'leave it out; a new upload is what retrains',
} as const;

export type UnsupportedName = keyof typeof UNSUPPORTED;

/** The sentence that a person reads for a setting of {@link UNSUPPORTED}. */
export const unsupportedMessage = (name: UnsupportedName, call = false) =>
  `${name}${call ? '()' : ''} is not in this version; ${UNSUPPORTED[name]}`;

const unsupported =
  (name: UnsupportedName) =>
  (_options?: unknown): never => {
    throw new Error(unsupportedMessage(name, true));
  };

export const sagemakerTraining = unsupported('sagemakerTraining');
export const sagemakerServing = unsupported('sagemakerServing');
export const canary = unsupported('canary');
export const linear = unsupported('linear');
export const blueGreen = unsupported('blueGreen');
export const shadow = unsupported('shadow');
