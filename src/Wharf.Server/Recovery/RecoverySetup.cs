using Wharf.Server.Hosting.Admin;
using Wharf.Server.Hosting.Settings;

namespace Wharf.Server.Recovery;

internal static class RecoverySetup
{
    public static void AddRecovery(this WebApplicationBuilder builder)
    {
        var options = builder.AddSection<RecoveryOptions>("Recovery");
        builder.Services.AddSingleton<Journal>().AddSingleton<Recover>().AddSingleton<Backup>().AddSingleton<Restore>()
            .AddSingleton(new AdminCommand("backup", static (services, arguments, ct) => services.GetRequiredService<Backup>().RunAsync(
                arguments.GetProperty("directory").GetString() ?? "", !arguments.GetProperty("without_keys").GetBoolean(), ct)));
        if (options.Journal)
            builder.Services.AddHostedService<JournalWorker>();
    }
}
