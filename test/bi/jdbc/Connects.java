import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.TreeMap;

/**
 * Does over JDBC what BI tools do, and prints what came of it, a line each: `name<TAB>field<TAB>field`.
 *
 * Arguments: the JDBC URL, the tool whose properties are sent (metabase, dbeaver), the database, and statements that must
 * be refused, each as an argument. It is run as one source file: `java -cp driver.jar Connects.java …`.
 */
public class Connects {
    public static void main(String[] args) throws Exception {
        String database = args[2];
        try (Connection connection = DriverManager.getConnection(args[0], propertiesOf(args[1]))) {
            DatabaseMetaData metadata = connection.getMetaData();
            say("server", metadata.getDatabaseProductName(), metadata.getDatabaseProductVersion());
            say("driver", metadata.getDriverVersion(), Boolean.toString(connection.isValid(10)));
            try (ResultSet schemas = metadata.getSchemas()) {
                while (schemas.next()) say("schema", schemas.getString("TABLE_SCHEM"));
            }
            List<String> views = tables(metadata, database);
            columns(metadata, database);
            for (String view : views) read(connection, database, view);
            grouped(connection);
            prepared(connection);
            for (int index = 3; index < args.length; index++) refused(connection, args[index]);
        }
    }

    /** As the tools build them; docs/bi names where each was read. */
    private static Properties propertiesOf(String tool) {
        Properties properties = new Properties();
        properties.setProperty("user", "bi");
        properties.setProperty("password", "");
        if (tool.equals("metabase")) {
            properties.setProperty("ssl", "false");
            properties.setProperty("use_server_time_zone_for_dates", "true");
            properties.setProperty("product_name", "metabase/v0.58");
            properties.setProperty("remember_last_set_roles", "true");
            properties.setProperty("http_connection_provider", "HTTP_URL_CONNECTION");
            properties.setProperty("jdbc_ignore_unsupported_values", "true");
            properties.setProperty("jdbc_schema_term", "schema");
            properties.setProperty("clickhouse_setting_select_sequential_consistency", "1");
            properties.setProperty("max_open_connections", "100");
            properties.setProperty("custom_http_params", "");
            properties.setProperty("clickhouse_setting_session_timezone", "Europe/Berlin");
        }
        return properties;
    }

    private static List<String> tables(DatabaseMetaData metadata, String database) throws SQLException {
        List<String> views = new ArrayList<>();
        try (ResultSet tables = metadata.getTables(null, database, "%", null)) {
            while (tables.next()) {
                String name = tables.getString("TABLE_NAME");
                say("table", name, tables.getString("TABLE_TYPE"), tables.getString("REMARKS"));
                if (name.matches("(fact|dim|agg)_.*")) views.add(name);
            }
        }
        return views;
    }

    private static void columns(DatabaseMetaData metadata, String database) throws SQLException {
        try (ResultSet columns = metadata.getColumns(null, database, "%", "%")) {
            while (columns.next()) {
                say(
                    "column",
                    columns.getString("TABLE_NAME"),
                    columns.getString("COLUMN_NAME"),
                    columns.getString("TYPE_NAME"),
                    java.sql.JDBCType.valueOf(columns.getInt("DATA_TYPE")).getName(),
                    columns.getString("REMARKS"));
            }
        }
    }

    /** Every column as the driver's own idea of it: the Java class of what is not null. */
    private static void read(Connection connection, String database, String view) throws SQLException {
        String sql = "SELECT * FROM `" + database + "`.`" + view + "` LIMIT 50";
        try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
            ResultSetMetaData shape = rows.getMetaData();
            TreeMap<String, String> classes = new TreeMap<>();
            int count = 0;
            while (rows.next()) {
                count++;
                for (int column = 1; column <= shape.getColumnCount(); column++) {
                    Object value = rows.getObject(column);
                    if (value != null) classes.put(shape.getColumnLabel(column), value.getClass().getSimpleName());
                }
            }
            say("read", view, Integer.toString(count));
            for (var entry : classes.entrySet()) say("class", view, entry.getKey(), entry.getValue());
        }
    }

    /** The SQL that Metabase writes for a question by month and clinic. */
    private static void grouped(Connection connection) throws SQLException {
        String sql = "SELECT toStartOfMonth(`conversations`.`fact_messages`.`message_timestamp`) AS `message_timestamp`,"
            + " `conversations`.`fact_messages`.`direction` AS `direction`, COUNT(*) AS `count`"
            + " FROM `conversations`.`fact_messages`"
            + " GROUP BY toStartOfMonth(`conversations`.`fact_messages`.`message_timestamp`),"
            + " `conversations`.`fact_messages`.`direction`"
            + " ORDER BY toStartOfMonth(`conversations`.`fact_messages`.`message_timestamp`) ASC,"
            + " `conversations`.`fact_messages`.`direction` ASC";
        try (Statement statement = connection.createStatement()) {
            statement.setMaxRows(10_000);
            statement.setFetchSize(500);
            long total = 0;
            int groups = 0;
            try (ResultSet rows = statement.executeQuery(sql)) {
                while (rows.next()) {
                    groups++;
                    total += rows.getLong("count");
                    rows.getDate(1);
                }
            }
            say("grouped", Integer.toString(groups), Long.toString(total));
        }
    }

    private static void prepared(Connection connection) throws SQLException {
        String sql = "SELECT count(*) FROM conversations.fact_messages"
            + " WHERE direction = ? AND message_timestamp >= ? AND response_seconds > ? AND clinic_code <> ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, "out");
            statement.setObject(2, java.time.LocalDateTime.of(2000, 1, 1, 0, 0));
            statement.setInt(3, 0);
            statement.setString(4, "it's \\ a ? trap");
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                say("prepared", Long.toString(rows.getLong(1)));
            }
        }
    }

    private static void refused(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
            say("allowed", sql);
        } catch (SQLException error) {
            say("refused", sql, error.getMessage());
        }
    }

    private static void say(String... fields) {
        StringBuilder line = new StringBuilder();
        for (String field : fields) {
            if (line.length() > 0) line.append('\t');
            line.append(field == null ? "" : field.replaceAll("[\\t\\n\\r]+", " "));
        }
        System.out.println(line);
    }
}
