import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { configurationKeys } from '../src/cli/configuration-keys.ts';

/**
 * docker-compose.yml, the Dockerfile and what they mount, held without an engine: what would fail on somebody's machine,
 * or open a port or a password there. deploy.test.ts tries ClickHouse's files on a real server.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const scratch = mkdtempSync(join(tmpdir(), 'parley-compose-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly target: string };
  readonly command?: readonly string[];
  readonly restart: string;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly profiles?: readonly string[];
}

const text = read('docker-compose.yml');
const compose = parse(text, { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};
const services = Object.entries(compose.services);
const isOneShot = ({ restart }: Service) => restart === 'no';

describe('docker-compose.yml', () => {
  test('has the parts that Parley needs', () => {
    const always = services.filter(([, { profiles }]) => profiles === undefined).map(([name]) => name);
    expect(always).toEqual(['kafka', 'registry', 'clickhouse', 'prepare', 'migrate', 'parley', 'live']);
  });

  test('publishes ports on the loopback interface only, each once', () => {
    const ports = services.flatMap(([, service]) => service.ports ?? []);
    expect(ports.length).toBeGreaterThan(5);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\$\{[A-Z_0-9]+:-\d+\}:\d+$/);
    const published = ports.map((port) => /:-(\d+)\}/.exec(port)?.[1]);
    expect(new Set(published).size).toBe(ports.length);
  });

  test.each(services)('%s has a pinned image, and says when it is well or done', (_, service) => {
    if (service.build === undefined) expect(service.image).toMatch(/^[\w/.-]+:v?\d+\.\d+\.\d+(\.\d+)?$/);
    else expect(existsSync(join(root, service.build.context, 'Dockerfile'))).toBe(true);
    expect(service.healthcheck !== undefined).toBe(!isOneShot(service));
    expect(['no', 'unless-stopped']).toContain(service.restart);
  });

  test.each(services)('%s waits for what can come', (_, service) => {
    for (const [name, { condition }] of Object.entries(service.depends_on ?? {})) {
      const other = compose.services[name]!;
      expect(condition).toBe(isOneShot(other) ? 'service_completed_successfully' : 'service_healthy');
      // A service that always starts cannot wait for one of a profile.
      if (service.profiles === undefined) expect(other.profiles).toBeUndefined();
    }
  });

  test('mounts files that exist, read-only, and volumes that are declared, each for one service', () => {
    const mounts = services.flatMap(([, service]) => service.volumes ?? []).map((mount) => mount.split(':'));
    const files = mounts.filter(([from]) => from!.startsWith('.'));
    expect(files.length).toBeGreaterThan(5);
    for (const [from, , mode] of files) {
      // Docker would make a folder of what is missing.
      expect(existsSync(resolve(root, from!))).toBe(true);
      expect(mode).toBe('ro');
    }
    const named = mounts.filter(([from]) => !from!.startsWith('.')).map(([from]) => from);
    expect(named.sort()).toEqual(Object.keys(compose.volumes).sort());
  });

  test('holds no password: each comes from .env, and cannot be forgotten', () => {
    for (const [, { environment = {} }] of services) {
      for (const [name, value] of Object.entries(environment)) {
        if (/PASSWORD|SECRET/.test(name)) expect(value).toMatch(/^\$\{[A-Z_]+:\?run deploy\/make-env\.sh\}$/);
      }
    }
  });

  test("gives Parley variables of the contract, and the group's members the same", () => {
    const names = [
      'KAFKA_BROKERS',
      'SCHEMA_REGISTRY_URL',
      'CLICKHOUSE_URL',
      'CLICKHOUSE_USERNAME',
      'CLICKHOUSE_PASSWORD',
    ];
    const known = configurationKeys.map(({ environment }) => environment);
    for (const name of ['migrate', 'parley', 'member', 'migrate-cluster', 'parley-cluster']) {
      const given = Object.keys(compose.services[name]!.environment!);
      expect(given.filter((variable) => !known.includes(variable))).toEqual([]);
      expect(given).toEqual(expect.arrayContaining(names.map((needed) => `PARLEY_${needed}`)));
    }
    expect(compose.services.member!.environment).toEqual(compose.services.parley!.environment);
    expect(compose.services['migrate-cluster']!.environment).toEqual(compose.services['parley-cluster']!.environment);
    for (const [, { build, environment = {} }] of services) {
      if (build === undefined) continue;
      const given = Object.keys(environment).filter((variable) => variable.startsWith('PARLEY_'));
      expect(given.filter((variable) => !known.includes(variable))).toEqual([]);
    }
    const cluster = compose.services['parley-cluster']!.environment!.PARLEY_CLICKHOUSE_CLUSTER;
    expect(read('deploy/clickhouse/cluster.d/cluster.xml')).toContain(`<${cluster}>`);
    expect(compose.services.parley!.environment).not.toHaveProperty('PARLEY_CLICKHOUSE_CLUSTER');
  });
});

describe('Grafana and Prometheus', () => {
  const { grafana, prometheus } = compose.services;

  test('start with their profiles only', () => {
    expect(grafana!.profiles).toEqual(['bi', 'monitoring']);
    expect(prometheus!.profiles).toEqual(['monitoring']);
  });

  test('Grafana has no account with a known password: nobody signs in, everybody looks', () => {
    expect(grafana!.environment).toMatchObject({
      GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION: 'true',
      GF_AUTH_ANONYMOUS_ORG_ROLE: 'Viewer',
      GF_AUTH_BASIC_ENABLED: 'false',
      GF_AUTH_DISABLE_LOGIN_FORM: 'true',
      GF_USERS_ALLOW_SIGN_UP: 'false',
    });
  });

  test('Grafana asks as bi, over HTTP, services that are there; its plugin is pinned', () => {
    const { datasources } = parse(read('deploy/grafana/datasources.yml')) as {
      readonly datasources: readonly {
        type: string;
        url?: string;
        jsonData: Record<string, unknown>;
        secureJsonData?: object;
      }[];
    };
    const [clickhouse, metrics] = datasources;
    expect(clickhouse).toMatchObject({
      jsonData: { host: 'clickhouse', port: 8123, protocol: 'http', username: 'bi' },
      secureJsonData: { password: `\${BI_PASSWORD}` },
    });
    expect(grafana!.environment!.BI_PASSWORD).toBe(compose.services.clickhouse!.environment!.BI_PASSWORD);
    expect(compose.services).toHaveProperty([new URL(metrics!.url!).hostname]);
    const plugin = String(grafana!.environment!.GF_PLUGINS_PREINSTALL_SYNC);
    expect(plugin).toMatch(new RegExp(`^${clickhouse!.type}@\\d+\\.\\d+\\.\\d+$`));
  });

  test('Prometheus asks every service that runs Parley', () => {
    const { scrape_configs: jobs, rule_files: rules } = parse(read('deploy/prometheus/prometheus.yml')) as {
      readonly scrape_configs: readonly {
        job_name: string;
        dns_sd_configs?: readonly { names: string[]; port: number }[];
      }[];
      readonly rule_files: readonly string[];
    };
    const [found] = jobs.find(({ job_name: name }) => name === 'parley')!.dns_sd_configs!;
    const running = services.filter(([, { command }]) => command?.[0] === 'run').map(([name]) => name);
    expect([...found!.names].sort()).toEqual(running.sort());
    for (const [, { ports = [] }] of services.filter(([name]) => name.startsWith('parley'))) {
      for (const port of ports) expect(port.split(':').at(-1)).toBe(String(found!.port));
    }
    const mounted = prometheus!.volumes!.map((mount) => mount.split(':')[1]);
    expect(mounted).toEqual(expect.arrayContaining([...rules]));
  });
});

describe('.env', () => {
  const script = join(root, 'deploy/make-env.sh');
  const variables = [...text.matchAll(/\$\{([A-Z_0-9]+)(:[-?])/g)].map(([, name, kind]) => ({ name, kind }));
  const needed = new Set(variables.filter(({ kind }) => kind === ':?').map(({ name }) => name));

  test('is made with a password for each that is needed, all different, for its owner alone, and never again', () => {
    execFileSync('sh', [script, scratch], { stdio: 'pipe' });
    const file = join(scratch, '.env');
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(new Set(lines.map((line) => line.split('=')[0]))).toEqual(needed);
    for (const line of lines) expect(line).toMatch(/^\w+=[0-9a-f]{48}$/);
    expect(new Set(lines.map((line) => line.split('=')[1])).size).toBe(lines.length);
    expect(statSync(file).mode & 0o077).toBe(0);
    expect(() => execFileSync('sh', [script, scratch], { stdio: 'pipe' })).toThrow(/is there already/);
  });

  test('every variable that can be set is in deploy/env.example', () => {
    const listed = [...read('deploy/env.example').matchAll(/^#?([A-Z_0-9]+)=/gm)].map(([, name]) => name);
    expect(listed.sort()).toEqual([...new Set(variables.map(({ name }) => name))].sort());
  });

  test('git and the image leave it out', () => {
    expect(read('.gitignore').split('\n')).toContain('.env');
    expect(read('.dockerignore').split('\n')).toContain('*');
  });
});

describe('the Dockerfile', () => {
  const file = read('Dockerfile');
  const stages = [...file.matchAll(/^FROM (\S+) AS (\w+)$/gm)].map(([, from, name]) => ({ from: from!, name: name! }));
  const last = file.slice(file.lastIndexOf('\nFROM '));

  test('pins its base, and has the stages that are asked for, the one that runs last', () => {
    const names = stages.map(({ name }) => name);
    for (const { from } of stages) expect(names.includes(from) || /^node:22\.\d+\.\d+-\w+-slim$/.test(from)).toBe(true);
    for (const [, { build }] of services) if (build !== undefined) expect(names).toContain(build.target);
    expect(names.at(-1)).toBe('parley');
  });

  test('runs as nobody special, with a health check', () => {
    expect(last).toMatch(/^USER node$/m);
    expect(last).toMatch(/^HEALTHCHECK [\s\S]*\/health\/live/m);
    expect(last.indexOf('USER node')).toBeLessThan(last.indexOf('ENTRYPOINT'));
  });

  test('copies what exists and what the build is sent', () => {
    const allowed = [...read('.dockerignore').matchAll(/^!(.+)$/gm)].map(([, path]) => path!);
    const sources = [...file.matchAll(/^COPY (?!--)(.+)$/gm)].flatMap(([, all]) => all!.split(' ').slice(0, -1));
    expect(sources.length).toBeGreaterThan(5);
    for (const source of sources) {
      expect(existsSync(join(root, source))).toBe(true);
      expect(allowed).toContain(source);
    }
  });

  test('the commands of the tools are files of theirs', () => {
    for (const [, { build, command }] of services) {
      if (build?.target === 'tools') expect(existsSync(join(root, command![0]!))).toBe(true);
    }
  });

  test('without the embedded engine the codecs keep their native parts', () => {
    for (const name of ['package.json', 'package-lock.json']) copyFileSync(join(root, name), join(scratch, name));
    const uninstall = /npm (uninstall chdb ffi-rs [^&\\\n]+)/.exec(file)![1]!.trim().split(' ');
    execFileSync('npm', [...uninstall, '--offline'], { cwd: scratch, stdio: 'pipe' });
    const lock = JSON.parse(readFileSync(join(scratch, 'package-lock.json'), 'utf8')) as {
      readonly packages: Readonly<Record<string, unknown>>;
    };
    const packages = Object.keys(lock.packages);
    expect(packages.filter((name) => /chdb|ffi-rs/.test(name))).toEqual([]);
    for (const part of ['snappy-linux-x64-gnu', 'lz4-napi-linux-x64-gnu', 'snappy-linux-arm64-gnu']) {
      expect(packages.some((name) => name.endsWith(part))).toBe(true);
    }
  });
});

const hasPlugin = (() => {
  try {
    execFileSync('docker', ['compose', 'version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

test.runIf(hasPlugin)('docker compose reads it, with every profile', () => {
  const environment = join(scratch, 'environment');
  const needed = ['CLICKHOUSE_PASSWORD', 'CLICKHOUSE_BI_PASSWORD', 'CLICKHOUSE_CLUSTER_SECRET'];
  writeFileSync(environment, needed.map((name) => `${name}=x\n`).join(''));
  const profiles = ['members', 'cluster', 'bi', 'monitoring'].flatMap((profile) => ['--profile', profile]);
  const options = ['--file', join(root, 'docker-compose.yml'), '--env-file', environment, ...profiles];
  execFileSync('docker', ['compose', ...options, 'config', '--quiet'], { stdio: 'pipe' });
});
