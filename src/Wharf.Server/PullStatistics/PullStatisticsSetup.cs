using Wharf.Server.Content;
using Wharf.Server.Hosting.Settings;

namespace Wharf.Server.PullStatistics;

internal static class PullStatisticsSetup
{
    public static void AddPullStatistics(this WebApplicationBuilder builder)
    {
        var options = builder.AddSection<PullStatisticsOptions>("PullStatistics");
        builder.Services.AddSingleton<PullStore>().AddSingleton<ActivityStore>().AddSingleton<PullExclusionStore>().AddSingleton(new NamespacePurge(PullExclusionStore.PurgeAsync));
        if (options.Enabled)
            builder.Services.AddSingleton<PullCounter>().AddHostedService<PullWriter>().AddHostedService<ActivitySweeper>()
                .AddSingleton(static s => new PullListener(s.GetRequiredService<PullCounter>().ManifestAsync, static (_, _, _, _) => Task.CompletedTask));
    }
}
