import type { ResourceRequest, ResourceType } from '../../kernel/resource-type.ts';
import type { EventInvokes } from '../event-invokes.ts';
import { parseReference } from '../state.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventinvokeconfig.html */
export function eventInvokeConfigType(eventInvokes: EventInvokes): ResourceType {
  const put = async ({ properties }: ResourceRequest) => {
    const { name, qualifier } = parseReference(properties.FunctionName, properties.Qualifier);
    eventInvokes.put(name, qualifier, properties);
    return { physicalId: `${name}|${qualifier ?? '$LATEST'}`, attributes: {} };
  };
  return {
    type: 'AWS::Lambda::EventInvokeConfig',
    properties: ['DestinationConfig', 'FunctionName', 'MaximumEventAgeInSeconds', 'MaximumRetryAttempts', 'Qualifier'],
    replacing: ['FunctionName', 'Qualifier'],
    create: put,
    update: put,
    async delete({ physicalId }) {
      const [name = '', qualifier] = physicalId.split('|');
      eventInvokes.delete(name, qualifier);
    },
  };
}
