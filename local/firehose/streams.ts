import { requireTrust } from '../iam/trust.ts';
import { AwsError, Unsupported } from '../kernel/errors.ts';
import type { CloudContext, Document } from '../kernel/service.ts';
import type { Collection } from '../kernel/store.ts';
import { findKey } from '../kms/keys.ts';
import { type Destination, readDestination } from './settings.ts';

export interface StreamRecord {
  readonly name: string;
  readonly arn: string;
  /** Counts the changes of the configuration, from 1. */
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** As it was given, for descriptions. */
  readonly configuration: Document;
  readonly destination: Destination;
  /** Records are encrypted while the stream holds them; nothing is on disk here. */
  readonly encryption: StreamEncryption | null;
}

export interface StreamEncryption {
  readonly KeyType: string;
  readonly KeyARN?: string;
}

/** What a stream is made from. */
export interface StreamInput {
  readonly configuration: Document;
  /** DeliveryStreamEncryptionConfigurationInput */
  readonly encryption?: Document;
}

/** The delivery streams of an account. */
export class StreamBook {
  readonly context: CloudContext;
  readonly #streams: Collection<StreamRecord>;

  constructor(context: CloudContext) {
    this.context = context;
    this.#streams = context.store.collection('firehose.streams');
  }

  arn(name: string): string {
    const { partition, region, account } = this.context;
    return `arn:${partition}:firehose:${region}:${account}:deliverystream/${name}`;
  }

  find(name: string): StreamRecord | undefined {
    return this.#streams.get(name);
  }

  get(name: unknown): StreamRecord {
    const stream = this.#streams.get(String(name));
    if (stream) return stream;
    const message = `Firehose ${String(name)} under account ${this.context.account} not found.`;
    throw new AwsError('ResourceNotFoundException', message);
  }

  names(): string[] {
    return [...this.#streams.keys()].sort();
  }

  create(name: string, input: StreamInput): StreamRecord {
    if (!/^[a-zA-Z0-9_.-]{1,64}$/.test(name)) {
      throw new AwsError(
        'InvalidArgumentException',
        `1 validation error detected: Value '${name}' at 'deliveryStreamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+`,
      );
    }
    if (this.#streams.has(name)) {
      const message = `Firehose ${name} under accountId ${this.context.account} already exists`;
      throw new AwsError('ResourceInUseException', message);
    }
    const now = this.context.clock.now();
    return this.#put({ name, arn: this.arn(name), version: 1, createdAt: now, updatedAt: now }, input);
  }

  update(name: string, input: StreamInput): StreamRecord {
    const { arn, version, createdAt } = this.get(name);
    const updatedAt = this.context.clock.now();
    return this.#put({ name, arn, version: version + 1, createdAt, updatedAt }, input);
  }

  delete(name: string): void {
    this.get(name);
    this.#streams.delete(name);
  }

  /** A role that does not let Firehose in for the stream is refused at once, as on AWS. */
  #put(
    facts: Omit<StreamRecord, 'configuration' | 'destination' | 'encryption'>,
    { configuration, encryption: wanted }: StreamInput,
  ): StreamRecord {
    const encryption = wanted === undefined ? null : this.#encryptionOf(wanted);
    const destination = readDestination(configuration);
    for (const role of new Set([destination.roleArn, destination.processor?.roleArn ?? destination.roleArn])) {
      try {
        requireTrust(this.context, role, { service: 'firehose.amazonaws.com', sourceArn: facts.arn });
      } catch (cause) {
        const message = `Firehose is unable to assume role ${role}. Please check the role provided. (${(cause as Error).message})`;
        throw new AwsError('InvalidArgumentException', message);
      }
    }
    const stream = { ...facts, configuration, destination, encryption };
    this.#streams.set(facts.name, stream);
    return stream;
  }

  /** https://docs.aws.amazon.com/firehose/latest/APIReference/API_DeliveryStreamEncryptionConfigurationInput.html */
  #encryptionOf({ KeyType, KeyARN, ...others }: Document): StreamEncryption {
    const [other] = Object.keys(others);
    if (other) throw new Unsupported(`the member ${other} of DeliveryStreamEncryptionConfigurationInput`);
    const own = KeyType === 'CUSTOMER_MANAGED_CMK';
    if ((KeyType !== 'AWS_OWNED_CMK' && !own) || own !== (KeyARN !== undefined)) {
      throw new AwsError(
        'InvalidArgumentException',
        `KeyType ${String(KeyType)} with KeyARN ${String(KeyARN)} is not valid`,
      );
    }
    if (!own) return { KeyType: 'AWS_OWNED_CMK' };
    return { KeyType, KeyARN: findKey(this.context, String(KeyARN)).arn };
  }
}
