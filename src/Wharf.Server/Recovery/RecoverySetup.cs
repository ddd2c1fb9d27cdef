using Wharf.Server.Hosting.Settings;

namespace Wharf.Server.Recovery;

internal static class RecoverySetup
{
    public static void AddRecovery(this WebApplicationBuilder builder)
    {
        var options = builder.AddSection<RecoveryOptions>("Recovery");
        builder.Services.AddSingleton<Journal>().AddSingleton<Recover>();
        if (options.Journal)
            builder.Services.AddHostedService<JournalWorker>();
    }
}
