import { JournalLog, MemoryJournal, MemoryStore, StoreDisk } from '../../src/testing/index.ts';
import { Life } from '../../src/testing/life.ts';
import { journalSuite } from '../state/journal-suite.ts';
import { storeSuite } from '../state/store-suite.ts';

/** The ports in memory do what the ones on disk do: the same suites run over both. */

const disks = new Map<string, StoreDisk>();

storeSuite('MemoryStore', async (folder) => {
  const disk = disks.get(folder) ?? new StoreDisk(folder);
  disks.set(folder, disk);
  return new MemoryStore(disk, new Life());
});

const logs = new Map<string, JournalLog>();

journalSuite('MemoryJournal', async (folder) => ({
  task(stage, partition) {
    const place = `${folder}/${stage}/${partition}`;
    const log = logs.get(place) ?? new JournalLog(place);
    logs.set(place, log);
    return new MemoryJournal(log, new Life());
  },
  close: async () => undefined,
}));
