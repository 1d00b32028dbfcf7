"""Does over clickhouse-connect and its SQLAlchemy dialect what Superset does, and prints what came of it as JSON.

Arguments: host, port, and a JSON list of statements that must be refused.
"""

import json
import sys
from datetime import datetime

import clickhouse_connect
import sqlalchemy
from clickhouse_connect.common import set_setting
from clickhouse_connect.datatypes.format import set_default_formats
from sqlalchemy import text

host, port, forbidden = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])

# As superset/db_engine_specs/clickhouse.py does on import.
set_default_formats(
    *["FixedString", "string", "IPv*", "string", "UInt64", "signed", "UUID", "string"],
    *["*Int256", "string", "*Int128", "string"],
)
set_setting("product_name", "superset/6.0.0")

found = {"sqlalchemy": sqlalchemy.__version__, "clickhouse_connect": clickhouse_connect.__version__}


def attempt(run, statement):
    try:
        run(statement)
        return "ALLOWED"
    except Exception as error:  # Whatever a driver makes of it: its text is what is looked at.
        return str(error)


engine = sqlalchemy.create_engine(f"clickhousedb://bi@{host}:{port}/conversations", pool_pre_ping=True)
inspector = sqlalchemy.inspect(engine)
found["schemas"] = inspector.get_schema_names()
found["views"] = inspector.get_view_names("conversations")
found["comments"] = {
    view: (inspector.get_table_comment(view, "conversations") or {}).get("text") for view in found["views"]
}
found["columns"] = [
    {"view": view, "column": column["name"], "type": str(column["type"]), "comment": column.get("comment")}
    for view in found["views"]
    for column in inspector.get_columns(view, "conversations")
]

found["classes"] = []
found["rows"] = {}
with engine.connect() as connection:
    for view in found["views"]:
        result = connection.execute(text(f"SELECT * FROM conversations.{view} LIMIT 50"))
        names, rows = list(result.keys()), result.fetchall()
        found["rows"][view] = len(rows)
        for index, name in enumerate(names):
            value = next((row[index] for row in rows if row[index] is not None), None)
            if value is not None:
                found["classes"].append({"view": view, "column": name, "type": type(value).__name__})

    # The SQL that Superset writes for a chart over time, by clinic.
    grouped = connection.execute(
        text(
            "SELECT toStartOfMonth(toDateTime(`message_timestamp`)) AS `__timestamp`, `clinic_code` AS `clinic_code`, "
            "COUNT(*) AS `COUNT(*)` FROM `conversations`.`fact_messages` "
            "WHERE `message_timestamp` >= toDateTime('2000-01-01 00:00:00') "
            "AND `message_timestamp` < toDateTime('2100-01-01 00:00:00') "
            "GROUP BY `clinic_code`, toStartOfMonth(toDateTime(`message_timestamp`)) "
            "ORDER BY `COUNT(*)` DESC LIMIT 10000"
        )
    ).fetchall()
    found["grouped"] = [len(grouped), sum(row[2] for row in grouped)]

    bound = connection.execute(
        text("SELECT count(*) FROM conversations.fact_messages WHERE direction = :direction AND clinic_code <> :trap"),
        {"direction": "out", "trap": "it's \\ a % :trap"},
    )
    found["bound"] = bound.scalar()
    found["refused"] = [attempt(lambda sql: connection.execute(text(sql)), sql) for sql in forbidden]

# What a dataset of Superset is: a reflected table, and a statement built from it.
table = sqlalchemy.Table("agg_clinic_performance", sqlalchemy.MetaData(schema="conversations"), autoload_with=engine)
statement = (
    sqlalchemy.select(table.c.clinic_code, sqlalchemy.func.sum(table.c.messages).label("messages"))
    .where(table.c.month >= "2000-01-01")
    .group_by(table.c.clinic_code)
    .order_by(sqlalchemy.desc("messages"))
    .limit(3)
)
with engine.connect() as connection:
    found["reflected"] = [[row[0], row[1]] for row in connection.execute(statement)]
engine.dispose()

with clickhouse_connect.get_client(host=host, port=port, username="bi", database="conversations") as client:
    found["version"] = client.server_version
    counted = client.query(
        "SELECT count() FROM fact_messages WHERE clinic_code = {clinic:String} AND message_timestamp >= {since:DateTime64(3)}",
        parameters={"clinic": "AppleSupport", "since": datetime(2000, 1, 1)},
        settings={"max_execution_time": 30, "session_timezone": "Europe/Berlin"},
    )
    found["parameters"] = counted.result_rows[0][0]
    found["refused_by_client"] = [attempt(client.command, sql) for sql in forbidden]

print(json.dumps(found))
