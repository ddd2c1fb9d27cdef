using System.Text.Json;
using Wharf.Server.Hosting.Admin;

namespace Wharf.Server.StorageCare;

internal static class StorageCareSetup
{
    public static void AddStorageCare(this WebApplicationBuilder builder) => builder.Services
        .AddSingleton<StorageMigration>().AddSingleton<StorageVerification>().AddSingleton<StorageAdoption>().AddHostedService<UnnamedLocations>()
        .AddSingleton(new AdminCommand("storage.migrate", MigrateAsync))
        .AddSingleton(new AdminCommand("storage.verify", VerifyAsync))
        .AddSingleton(new AdminCommand("storage.adopt", AdoptAsync));

    private static Task<AdminResult> MigrateAsync(IServiceProvider services, JsonElement arguments, CancellationToken ct) => services.GetRequiredService<StorageMigration>().RunAsync(
        new MigrationOrder(Text(arguments, "from"), Text(arguments, "to"), Is(arguments, "remove"), Is(arguments, "quick"), Is(arguments, "dry_run"), Rate(arguments)), ct);

    private static Task<AdminResult> VerifyAsync(IServiceProvider services, JsonElement arguments, CancellationToken ct) => services.GetRequiredService<StorageVerification>().RunAsync(
        arguments.GetProperty("location").GetString(), Is(arguments, "full"), Rate(arguments), ct);

    private static Task<AdminResult> AdoptAsync(IServiceProvider services, JsonElement arguments, CancellationToken ct) => services.GetRequiredService<StorageAdoption>().RunAsync(
        Text(arguments, "location"), Text(arguments, "prefix"), Is(arguments, "verify"), Rate(arguments), ct);

    private static string Text(JsonElement arguments, string name) => arguments.GetProperty(name).GetString()!;

    private static bool Is(JsonElement arguments, string name) => arguments.TryGetProperty(name, out var given) && given.GetBoolean();

    private static long Rate(JsonElement arguments) => arguments.TryGetProperty("bytes_per_second", out var given) ? given.GetInt64() : 0;
}
