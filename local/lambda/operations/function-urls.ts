import type { Document, Operation } from '../../kernel/service.ts';
import type { FunctionUrls } from '../function-urls.ts';
import { type LambdaState, referenceOf } from '../state.ts';

export function functionUrlOperations(state: LambdaState, urls: FunctionUrls): Record<string, Operation> {
  const operation = (
    action: string,
    act: (name: string, qualifier: string | undefined, input: Document) => Document,
  ): Operation => ({
    access(input) {
      const { name, qualifier } = referenceOf(input);
      const context = { 'lambda:FunctionUrlAuthType': 'AWS_IAM' };
      return [{ action: `lambda:${action}`, resource: state.arn(name, qualifier), context }];
    },
    async handle(input) {
      const { name, qualifier } = referenceOf(input);
      return act(name, qualifier, input);
    },
  });
  return {
    CreateFunctionUrlConfig: operation('CreateFunctionUrlConfig', (name, qualifier, input) =>
      urls.describe(urls.create(name, qualifier, input)),
    ),
    UpdateFunctionUrlConfig: operation('UpdateFunctionUrlConfig', (name, qualifier, input) =>
      urls.describe(urls.update(name, qualifier, input)),
    ),
    GetFunctionUrlConfig: operation('GetFunctionUrlConfig', (name, qualifier) =>
      urls.describe(urls.get(name, qualifier)),
    ),
    DeleteFunctionUrlConfig: operation('DeleteFunctionUrlConfig', (name, qualifier) => {
      urls.get(name, qualifier);
      urls.delete(name, qualifier);
      return {};
    }),
  };
}
