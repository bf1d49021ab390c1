/** Settings that people look for and this version does not have, with what to use instead. */
export const UNSUPPORTED = {
  sagemakerTraining: 'train with lambdaTraining(): gradient boosted trees and random forests, up to 10 GB of memory',
  sagemakerServing: 'serve with lambdaServing()',
  slack: 'send to Slack by its e-mail address for a channel: notify: { email: [...] }',
  teams: 'send to Teams by its e-mail address for a channel: notify: { email: [...] }',
  jira: 'send to Jira by its e-mail handler: notify: { email: [...] }',
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
