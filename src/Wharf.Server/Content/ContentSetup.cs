using Wharf.Server.Hosting;
using Wharf.Server.Hosting.Settings;
using Wharf.Server.Outbox;
using Wharf.Server.Work;
using Wharf.Storage;

namespace Wharf.Server.Content;

internal static class ContentSetup
{
    public static void AddContent(this WebApplicationBuilder builder)
    {
        var storage = builder.AddSection<StorageOptions>("Storage");
        builder.AddSection<LifetimeOptions>("Lifetimes");
        builder.AddSection<QuotaOptions>("Quota");
        builder.Services
            .AddSingleton(s => Locations.Create(storage, s.GetRequiredService<DataDirectory>(), s.GetRequiredService<ILogger<Locations>>()))
            .AddSingleton<StorageProbe>().AddSingleton(new StartupStep("storage", static (s, ct) => s.GetRequiredService<StorageProbe>().RunAsync(ct)))
            .AddSingleton(new IdleRelease(Uploads.ReleaseBuffers)).AddSingleton(new IdleRelease(TransferBuffers.ReleaseUnused))
            .AddSingleton<ChangeRules>().AddSingleton<ContentStore>().AddSingleton<Placements>().AddSingleton<Labels>().AddSingleton<Pulls>().AddSingleton<StoredFiles>().AddSingleton<Uploads>().AddSingleton<Orphans>()
            .AddSingleton(static s => new EventListener(s.GetRequiredService<ContentStore>().Hear))
            .AddSingleton<Collector>().AddSingleton<Garbage>().AddSingleton<Inventory>().AddSingleton<Usage>().AddSingleton<DigestLeases>().AddSingleton<Explanations>().AddSingleton<Leases>().AddHostedService<UploadSweeper>().AddHostedService<OrphanSweeper>();
    }
}
