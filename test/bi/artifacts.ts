import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cached, dependency, javaProgram, maven, missing } from '../../scripts/stack/artifacts.ts';
import { codeOf, messageOf } from '../../src/errors.ts';

const run = promisify(execFile);
const installMs = 600_000;

export const JDBC_VERSION = '0.9.9';
const pythonMinorMin = 10;

/** What a Superset of today has, with SQLAlchemy 1.4, and what the next one will have. All that pip brings is named. */
export const pythonSets = {
  superset: ['clickhouse-connect==1.12.0', 'sqlalchemy==1.4.54', 'greenlet==3.5.6'],
  newest: ['clickhouse-connect==1.12.0', 'sqlalchemy==2.1.9', 'typing_extensions==4.16.0'],
} as const;
const pythonBase = [
  'backports.zstd==1.8.0; python_version < "3.14"',
  'certifi==2026.10.18',
  'lz4==4.4.5',
  'urllib3==2.8.0',
];

/** The class path of clickhouse-jdbc, downloaded when this user has not got it yet. Fails with PARLEY_STACK_MISSING. */
export async function jdbcClassPath(): Promise<string> {
  // The `all` jar has what it needs but slf4j.
  const alone =
    '<classifier>all</classifier><exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>';
  const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>parley</groupId><artifactId>clients</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    ${dependency('com.clickhouse', 'clickhouse-jdbc', JDBC_VERSION, alone)}
    ${dependency('org.slf4j', 'slf4j-nop', '2.0.17')}
  </dependencies>
</project>
`;
  const folder = await cached(`clickhouse-jdbc-${JDBC_VERSION}`, (filling, work) => {
    const file = join(work, 'pom.xml');
    writeFileSync(file, pom);
    const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies';
    return maven(['-f', file, plugin, `-DoutputDirectory=${filling}`]);
  });
  return join(folder, '*');
}

/** The `java` of a JDK, which compiles what it runs. Fails with PARLEY_STACK_MISSING where there is only a runtime. */
export async function javaCompiling(): Promise<string> {
  const java = await javaProgram();
  const { stdout } = await run(java, ['--list-modules']);
  if (stdout.includes('jdk.compiler@')) return java;
  throw missing('a JDK 17 or newer, such as openjdk-17-jdk', 'a Java runtime without a compiler');
}

/**
 * The `python` of an environment with a set of packages, made when this user has not got it yet, as pip's own
 * configuration says. Fails with PARLEY_STACK_MISSING.
 */
export async function pythonWith(set: keyof typeof pythonSets): Promise<string> {
  const minor = await pythonMinor();
  const packages = [...pythonSets[set], ...pythonBase];
  const digest = createHash('sha256').update(packages.join()).digest('hex').slice(0, 8);
  const folder = await cached(`python3.${minor}-${set}-${digest}`, async (filling) => {
    await run('python3', ['-m', 'venv', filling], { timeout: installMs }).catch((error: unknown) => {
      throw missing('Python with venv, such as python3-venv', messageOf(error).split('\n').at(-1) ?? '', error);
    });
    const install = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--disable-pip-version-check', ...packages];
    await run(pythonIn(filling), install, { timeout: installMs }).catch((error: unknown) => {
      throw missing(`${packages.join(' ')} from a package index`, messageOf(error), error);
    });
  });
  // An environment finds its packages from where its program stands, so that it may be moved.
  return pythonIn(folder);
}

function pythonIn(folder: string): string {
  return join(folder, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
}

async function pythonMinor(): Promise<number> {
  const expected = `Python 3.${pythonMinorMin} or newer (\`python3\` on the PATH)`;
  const { stdout } = await run('python3', ['-c', 'import sys; print(sys.version_info.minor)']).catch(
    (error: unknown) => {
      throw missing(expected, codeOf(error) === 'ENOENT' ? 'no `python3`' : messageOf(error), error);
    },
  );
  const minor = Number(stdout.trim());
  if (minor >= pythonMinorMin) return minor;
  throw missing(expected, `Python 3.${minor}`);
}

/** Everything that the tests of this folder download, so that no test's time goes into it. */
export async function downloadClients(): Promise<void> {
  await javaCompiling();
  await Promise.all([jdbcClassPath(), pythonWith('superset'), pythonWith('newest')]);
}
