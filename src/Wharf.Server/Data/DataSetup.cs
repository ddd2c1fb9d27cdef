using Wharf.Server.Hosting;
using Wharf.Server.Hosting.Health;

namespace Wharf.Server.Data;

internal static class DataSetup
{
    public static void AddData(this WebApplicationBuilder builder) => builder.Services
        .AddSingleton<Database>(static s => new SqliteDatabase(s.GetRequiredService<DataDirectory>().File("wharf.db"), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<SqliteDatabase>>()))
        .AddSingleton(new StartupStep("database", static (services, _) =>
        {
            // Opening it brings its schema up to date.
            services.GetRequiredService<Database>();
            return Task.CompletedTask;
        }))
        .AddSingleton(static s => new ReadinessCheck("database", async ct =>
            await s.GetRequiredService<Database>().OneAsync("SELECT 1", static r => r.GetInt32(0), ct) == 1 ? null : "no answer"));
}
