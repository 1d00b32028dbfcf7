import sparticuz from '@sparticuz/chromium';
import { type Browser, chromium } from 'playwright-core';

/** Flags of npm's Chromium that make it another browser than people have, or draw with a simulated graphics card, slowly. */
const unwanted = new Set([
  '--single-process',
  '--no-zygote',
  '--disable-web-security',
  '--allow-running-insecure-content',
  '--in-process-gpu',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--ignore-gpu-blocklist',
]);

/** A real browser, from npm. Fails saying what to install when the machine lacks a library that it needs. */
export async function launchBrowser(): Promise<Browser> {
  try {
    return await chromium.launch({
      args: [...sparticuz.args.filter((flag) => !unwanted.has(flag)), '--disable-gpu'],
      executablePath: await sparticuz.executablePath(),
      headless: true,
    });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const missing = [
      ...new Set([...text.matchAll(/(lib[\w.+-]+\.so[\w.]*): cannot open shared object/g)].map(([, name]) => name)),
    ];
    if (missing.length === 0) throw error;
    throw new Error(
      `Chromium needs ${missing.join(', ')}. On Debian and Ubuntu: apt-get install libnss3 libnspr4 libatk1.0-0 libdrm2 libgbm1 libxkbcommon0`,
      { cause: error },
    );
  }
}
