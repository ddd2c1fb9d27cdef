using Wharf.Server.Content;
using Wharf.Server.Hosting;
using Wharf.Server.Hosting.Admin;
using Wharf.Server.Hosting.Settings;

namespace Wharf.Server.Security;

internal static class SecuritySetup
{
    public static void AddSecurity(this WebApplicationBuilder builder)
    {
        var options = builder.AddSection<SecurityOptions>("Security");
        builder.Services
            .AddSingleton<RawContent>()
            .AddSingleton<FeedStore>().AddSingleton<FeedsInUse>().AddSingleton<FeedImport>().AddSingleton<FeedDownload>().AddSingleton<FeedUpdate>().AddSingleton<FeedEvaluation>()
            .AddSingleton<FindingStore>().AddSingleton<ScanStore>().AddSingleton<ScanQueue>().AddSingleton<ImageScanner>().AddSingleton<AttachedSboms>().AddSingleton<Signatures>().AddSingleton<SecurityReports>().AddSingleton<SecurityTrend>()
            .AddSingleton(new AdminCommand("feeds.list", FeedCommands.ListAsync))
            .AddSingleton(new AdminCommand("feeds.update", FeedCommands.UpdateAsync))
            .AddSingleton(new AdminCommand("feeds.import", FeedCommands.ImportAsync))
            .AddSingleton(new AdminCommand("feeds.export", FeedCommands.ExportAsync));
        if (options.Enabled && builder.Has(Role.Scanner))
            builder.Services.AddHostedService<ScanWorker>().AddHostedService<FeedWorker>().AddHostedService<TrendWorker>();
        if (options.Enabled && options.UpdateEvery > TimeSpan.Zero && builder.Has(Role.Scanner))
            builder.Services.AddHostedService<FeedUpdateWorker>();
    }
}
