import { readFileSync } from 'node:fs';
import kafkajs, { type Kafka, type KafkaConfig, type LogEntry, type SASLOptions } from 'kafkajs';
import { messageOf, ParleyError } from '../../errors.ts';
import type { Log } from '../../runtime/log.ts';
import { registerCodecs } from './codecs.ts';

export interface KafkaOptions {
  /** `host:port` of the brokers that are asked first. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  };
  /** `caFile` for a certificate authority that Node does not know; `certFile` with `keyFile` for mutual TLS. All PEM. */
  readonly tls?: {
    readonly isEnabled: boolean;
    readonly caFile?: string;
    readonly certFile?: string;
    readonly keyFile?: string;
  };
  readonly log: Log;
}

/** About five seconds in all. What has to outlast a broker's restart repeats by itself, and can be stopped. */
const retry = { initialRetryTime: 100, factor: 0.2, multiplier: 2, maxRetryTime: 2000, retries: 6 };

/**
 * The one way to a Kafka client: with every codec, bounded retries, and its log through ours. Fails with
 * PARLEY_CONFIGURATION when a TLS file cannot be read. Connects to nothing yet.
 */
export function createKafka(options: KafkaOptions): Kafka {
  registerCodecs();
  const { brokers, clientId, sasl, log } = options;
  const ssl = tlsOptions(options.tls);
  const config: KafkaConfig = {
    brokers: [...brokers],
    clientId,
    connectionTimeout: 5_000,
    requestTimeout: 30_000,
    retry,
    logLevel: kafkajs.logLevel.INFO,
    logCreator: () => logTo(log),
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl: { ...sasl } as SASLOptions }),
  };
  return new kafkajs.Kafka(config);
}

function tlsOptions(tls: KafkaOptions['tls']): KafkaConfig['ssl'] {
  if (tls === undefined || !tls.isEnabled) return undefined;
  const ca = pem('kafka.tls.caFile', tls.caFile);
  const cert = pem('kafka.tls.certFile', tls.certFile);
  const key = pem('kafka.tls.keyFile', tls.keyFile);
  return {
    ...(ca === undefined ? {} : { ca: [ca] }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

function pem(key: string, file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ParleyError('PARLEY_CONFIGURATION', `${key} cannot be read`, {
      expected: 'a PEM file that can be read',
      received: messageOf(error),
      where: file,
      cause: error,
    });
  }
}

/**
 * kafkajs tells a retry as an error and a routine join as information, and Parley says itself what a person has to know:
 * so what it calls an error is a warning here, a warning is information, and the rest is for debugging.
 */
function logTo(log: Log): (entry: LogEntry) => void {
  return ({ level, namespace, log: { message, timestamp: _, logger: __, stack: ___, ...fields } }) => {
    const line = `Kafka ${namespace}: ${message}`;
    // What a broker answers is for whoever asked: CONCURRENT_TRANSACTIONS comes with every other transaction.
    if (message.startsWith('Response ')) log.debug(fields, line);
    else if (level === kafkajs.logLevel.ERROR) log.warn(fields, line);
    else if (level === kafkajs.logLevel.WARN) log.info(fields, line);
    else log.debug(fields, line);
  };
}
