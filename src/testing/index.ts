/** For tests of processors: `parley/testing`. */
export { type CrashPoint, createTestDriver, type TestDriver, type TestDriverOptions } from './driver.ts';
export { seededRandom } from './life.ts';
export { JournalLog, MemoryJournal } from './memory-journal.ts';
export { MemoryStore, StoreDisk } from './memory-store.ts';
export { MemorySource, MemoryTopics } from './memory-topics.ts';
export { type InsertFault, MemoryDelivery, MemoryWarehouse, type SignedRow } from './memory-warehouse.ts';
