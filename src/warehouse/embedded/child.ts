/**
 * The entry of the ClickHouse process: `node child.js <libchdb.so> <argument>...`. It never returns to JavaScript while
 * the server lives: the call below blocks its thread until standard input ends, which is also how the death of the
 * parent stops it, whatever killed the parent. It imports nothing of Parley, so that it starts in no time.
 *
 * ffi-rs, because it calls on the thread's own stack. koffi moves to a stack of its own, and ClickHouse's check of the
 * stack's bounds then fails.
 */
import { DataType, load, open } from 'ffi-rs';

const [library = '', ...serverArguments] = process.argv.slice(2);
const commandLine = ['clickhouse', ...serverArguments];

open({ library: 'chdb', path: library });
load({
  library: 'chdb',
  funcName: 'chdb_query_cmdline',
  retType: DataType.I32,
  paramsType: [DataType.I32, DataType.StringArray],
  paramsValue: [commandLine.length, commandLine],
});
// The engine has been shut down, and its threads with it. Leaving by any other way would let Node tear down addons that
// the library has unregistered already.
process.exit(0);
