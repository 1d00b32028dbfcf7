import type { ColumnType } from '../../runtime/domain.ts';
import { lowCardinalityElements, plainElements, StringsColumn } from './arrays.ts';
import { BoolColumn } from './bools.ts';
import type { Column, ColumnPlace } from './column.ts';
import { FloatColumn } from './floats.ts';
import { IntegerColumn, LongColumn } from './integers.ts';
import { LowCardinalityColumn, StringColumn } from './strings.ts';

const exact = Number.MAX_SAFE_INTEGER;
const unsigned8 = { least: 0, most: 255, bytes: 1 } as const;
const unsigned16 = { least: 0, most: 65_535, bytes: 2 } as const;
const unsigned32 = { least: 0, most: 4_294_967_295, bytes: 4 } as const;
const signed8 = { least: -128, most: 127, bytes: 1 } as const;
const signed32 = { least: -2_147_483_648, most: 2_147_483_647, bytes: 4 } as const;
const unsigned64 = { least: 0, most: exact };
const signed64 = { least: -exact, most: exact };
/** What DateTime64 holds: the years 1900 to 2299. ClickHouse would silently cut what is outside. */
const times = { least: Date.UTC(1900, 0, 1), most: Date.UTC(2300, 0, 1) - 1 };

const makers: { readonly [Type in ColumnType]: (place: ColumnPlace) => Column } = {
  String: (place) => new StringColumn(place, false),
  'Nullable(String)': (place) => new StringColumn(place, true),
  'LowCardinality(String)': (place) => new LowCardinalityColumn(place),
  Bool: (place) => new BoolColumn(place),
  UInt8: (place) => new IntegerColumn(place, unsigned8, false),
  UInt16: (place) => new IntegerColumn(place, unsigned16, false),
  UInt32: (place) => new IntegerColumn(place, unsigned32, false),
  UInt64: (place) => new LongColumn(place, unsigned64, false),
  Int8: (place) => new IntegerColumn(place, signed8, false),
  Int32: (place) => new IntegerColumn(place, signed32, false),
  Int64: (place) => new LongColumn(place, signed64, false),
  Float64: (place) => new FloatColumn(place, false),
  'Nullable(UInt8)': (place) => new IntegerColumn(place, unsigned8, true),
  'Nullable(UInt32)': (place) => new IntegerColumn(place, unsigned32, true),
  'Nullable(Int64)': (place) => new LongColumn(place, signed64, true),
  'Nullable(Float64)': (place) => new FloatColumn(place, true),
  "DateTime64(3, 'UTC')": (place) => new LongColumn(place, times, false),
  "Nullable(DateTime64(3, 'UTC'))": (place) => new LongColumn(place, times, true),
  'Array(String)': (place) => new StringsColumn(place, plainElements()),
  'Array(LowCardinality(String))': (place) => new StringsColumn(place, lowCardinalityElements()),
};

/** The gatherer for a declared column. */
export function createColumn(table: string, column: string, type: ColumnType): Column {
  return makers[type]({ table, column, type });
}
