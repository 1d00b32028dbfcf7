import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf, ParleyError } from '../../src/errors.ts';

/** What a broker asks of its clients: nothing, a user and a password, or a user and a password over TLS. */
export type BrokerSecurity = 'none' | 'sasl' | 'tls';

export const saslMechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;

/** The one user of a secured broker. A password of tests: the broker listens on the loopback interface. */
export const saslUser = { username: 'parley', password: 'parley-secret' } as const;

export interface Certificate {
  /** PEM. A certificate is its own authority here. */
  readonly certificate: string;
  readonly key: string;
}

/** A certificate for 127.0.0.1 and localhost that nobody else has signed. Fails with PARLEY_STACK_MISSING. */
export function makeCertificate(): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'parley-tls-'));
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject];
  try {
    execFileSync('openssl', [...request, '-keyout', key, '-out', certificate], { stdio: 'pipe' });
    return { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
  } catch (error) {
    throw new ParleyError('PARLEY_STACK_MISSING', 'No certificate could be made for the broker', {
      expected: '`openssl` 1.1.1 or newer',
      received: messageOf(error),
      cause: error,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The broker's properties for its listener SECURED. */
export function securityProperties(security: BrokerSecurity, certificate?: Certificate): Record<string, string> {
  if (security === 'none') return {};
  const { username, password } = saslUser;
  const prefix = 'listener.name.secured';
  const module = 'org.apache.kafka.common.security';
  const properties: Record<string, string> = {
    'sasl.enabled.mechanisms': saslMechanisms.join(','),
    [`${prefix}.plain.sasl.jaas.config`]: `${module}.plain.PlainLoginModule required user_${username}="${password}";`,
    [`${prefix}.scram-sha-256.sasl.jaas.config`]: `${module}.scram.ScramLoginModule required;`,
    [`${prefix}.scram-sha-512.sasl.jaas.config`]: `${module}.scram.ScramLoginModule required;`,
  };
  if (certificate === undefined) return properties;
  return {
    ...properties,
    [`${prefix}.ssl.keystore.type`]: 'PEM',
    [`${prefix}.ssl.keystore.certificate.chain`]: oneLine(certificate.certificate),
    [`${prefix}.ssl.keystore.key`]: oneLine(certificate.key),
  };
}

/** The arguments of Kafka's `format` that give the user its SCRAM credentials, which live in the cluster's metadata. */
export function scramArguments(security: BrokerSecurity): string[] {
  if (security === 'none') return [];
  const credentials = `[name=${saslUser.username},password=${saslUser.password}]`;
  return ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => ['--add-scram', `${mechanism}=${credentials}`]);
}

/** A properties file ends a value at the end of its line, and reads `\n` as one. */
function oneLine(pem: string): string {
  return pem.trim().replaceAll('\n', '\\n');
}
