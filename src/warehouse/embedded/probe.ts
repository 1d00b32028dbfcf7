import { request } from 'node:http';

export interface Probe {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly timeoutMs: number;
}

/**
 * Whether the server there answers `/ping`, and a SELECT as this user: gives its version. Fails otherwise, with the
 * server's words. Each request has a connection of its own, closed at once: a server waits on its stop for idle ones.
 */
export async function probe({ url, username, password, timeoutMs }: Probe): Promise<string> {
  const ping = await get(`${url}/ping`, {}, timeoutMs);
  if (ping !== 'Ok.') throw new Error(`/ping answered ${ping.slice(0, 100)}`);
  const headers = { 'X-ClickHouse-User': username, 'X-ClickHouse-Key': password };
  return get(`${url}/?query=${encodeURIComponent('SELECT version()')}`, headers, timeoutMs);
}

function get(url: string, headers: Record<string, string>, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(url, { agent: false, headers, signal: AbortSignal.timeout(timeoutMs) }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(text.trim());
        else reject(new Error(`HTTP ${response.statusCode}: ${text.slice(0, 300).trim()}`));
      });
    });
    call.on('error', reject);
    call.end();
  });
}
