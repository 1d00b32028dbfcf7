import type { Configuration } from './configuration.ts';
import type { Fault } from './configuration-faults.ts';

/** Adds what is wrong with keys beside each other, each of which is right by itself. */
export function checkRelations(
  { clickhouse, kafka, schemaRegistry, bi, conversations, assistant }: Configuration,
  faults: Fault[],
): void {
  const beside = (where: string, expected: string) => faults.push({ where, expected, received: 'none' });
  const { mechanism, username, password } = kafka.sasl;
  if (mechanism !== undefined) {
    if (username === undefined) beside('kafka.sasl.mechanism', 'kafka.sasl.username beside it');
    if (password === undefined) beside('kafka.sasl.mechanism', 'kafka.sasl.password beside it');
  } else if (username !== undefined || password !== undefined) {
    const written = username === undefined ? 'password' : 'username';
    beside(`kafka.sasl.${written}`, 'kafka.sasl.mechanism beside it');
  }
  const { isEnabled, caFile, certFile, keyFile } = kafka.tls;
  if (certFile !== undefined && keyFile === undefined) beside('kafka.tls.certFile', 'kafka.tls.keyFile beside it');
  if (keyFile !== undefined && certFile === undefined) beside('kafka.tls.keyFile', 'kafka.tls.certFile beside it');
  if (!isEnabled && (caFile !== undefined || certFile !== undefined || keyFile !== undefined)) {
    const received = 'false, and a file for it';
    faults.push({ where: 'kafka.tls.isEnabled', expected: 'true, or no file beside it', received });
  }
  if (schemaRegistry.url === undefined) {
    for (const name of ['username', 'password', 'token', 'caFile'] as const) {
      if (schemaRegistry[name] !== undefined) beside(`schemaRegistry.${name}`, 'schemaRegistry.url beside it');
    }
    if (schemaRegistry.plainJson === 'refuse') {
      const expected = 'schemaRegistry.url beside it, or every event would be refused';
      faults.push({ where: 'schemaRegistry.plainJson', expected, received: 'none' });
    }
  }
  if (schemaRegistry.token !== undefined && (schemaRegistry.username ?? schemaRegistry.password) !== undefined) {
    const expected = 'either it, or schemaRegistry.username and .password';
    faults.push({ where: 'schemaRegistry.token', expected, received: 'both' });
  }
  if (clickhouse.url === undefined) {
    for (const name of ['username', 'password', 'cluster'] as const) {
      if (clickhouse[name] === undefined) continue;
      faults.push({ where: `clickhouse.${name}`, expected: 'clickhouse.url beside it', received: 'none' });
    }
  }
  if (clickhouse.url !== undefined && clickhouse.syncInserts) {
    const expected = 'no clickhouse.url beside it: that server has fsync_after_insert and fsync_part_directory for it';
    faults.push({ where: 'clickhouse.syncInserts', expected, received: 'true' });
  }
  if (clickhouse.url === undefined && bi.password !== undefined) {
    faults.push({ where: 'bi.password', expected: 'clickhouse.url beside it', received: 'none' });
  }
  if (clickhouse.httpPort === clickhouse.tcpPort && clickhouse.httpPort !== 0) {
    const received = String(clickhouse.tcpPort);
    faults.push({ where: 'clickhouse.tcpPort', expected: 'another port than clickhouse.httpPort', received });
  }
  for (const [domain, { sessionGapMinutes, allowedLatenessHours }] of Object.entries({ conversations, assistant })) {
    if (sessionGapMinutes <= 60 * Math.max(allowedLatenessHours, 1)) continue;
    const expected = `no more than ${domain}.allowedLatenessHours, or sessions could not be corrected`;
    faults.push({ where: `${domain}.sessionGapMinutes`, expected, received: `${sessionGapMinutes} min` });
  }
  if (assistant.startDate > assistant.endDate) {
    const expected = 'no later than assistant.endDate';
    faults.push({ where: 'assistant.startDate', expected, received: assistant.startDate });
  }
}
