using Wharf.Server.Data.Postgres;
using Wharf.Server.Data.Sqlite;
using Wharf.Server.Hosting;
using Wharf.Server.Hosting.Health;
using Wharf.Server.Hosting.Settings;

namespace Wharf.Server.Data;

internal static class DataSetup
{
    /// <summary>The setting <c>Database</c> is an Npgsql connection string; without it the data directory holds a SQLite database.</summary>
    public static void AddData(this WebApplicationBuilder builder)
    {
        var connection = builder.AddSetting("Database");
        var opened = new OpenDatabase();
        builder.Services
            .AddSingleton<Database>(_ => opened.Value ?? throw new InvalidOperationException("The database is opened by the startup step of that name."))
            .AddSingleton(new StartupStep("database", async (services, ct) =>
            {
                try
                {
                    opened.Value = connection is not null
                        ? await PostgresDatabase.OpenAsync(connection, services.GetRequiredService<TimeProvider>(), ct)
                        : new SqliteDatabase(services.GetRequiredService<DataDirectory>().File("wharf.db"), services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<SqliteDatabase>>());
                }
                catch (Exception e) when (e is DatabaseException or ArgumentException)
                {
                    throw new CannotStartException($"The database cannot be opened: {e.Message}{(e.InnerException is { } inner ? " " + inner.Message : "")}", e);
                }
            }))
            .AddSingleton(static s => new ReadinessCheck("database", async ct =>
                await s.GetRequiredService<Database>().OneAsync("SELECT 1", static r => r.GetInt32(0), ct) == 1 ? null : "no answer"));
    }

    /// <summary>Whether the settings name a PostgreSQL database, which other replicas may share.</summary>
    public static bool UsesPostgres(this WebApplicationBuilder builder) => builder.AddSetting("Database") is not null;

    private sealed class OpenDatabase
    {
        public Database? Value { get; set; }
    }
}
