using Wharf.Server.Hosting;
using Wharf.Server.Hosting.Settings;
using Wharf.Server.Outbox;
using Wharf.Server.Work;
using Wharf.Storage;
using Wharf.Storage.Local;

namespace Wharf.Server.Content;

internal static class ContentSetup
{
    public static void AddContent(this WebApplicationBuilder builder)
    {
        var storage = builder.AddSection<StorageOptions>("Storage");
        builder.AddSection<LifetimeOptions>("Lifetimes");
        builder.AddSection<QuotaOptions>("Quota");
        builder.Services
            .AddSingleton<IBlobDriver>(s => new LocalDriver(storage.Directory.Length > 0 ? storage.Directory : s.GetRequiredService<DataDirectory>().File("storage")))
            .AddSingleton(new IdleRelease(Uploads.ReleaseBuffers))
            .AddSingleton<ChangeRules>().AddSingleton<ImageLabels>().AddSingleton<ContentStore>().AddSingleton<Labels>().AddSingleton<Pulls>().AddSingleton<StoredFiles>().AddSingleton<Uploads>().AddSingleton<Orphans>()
            .AddSingleton(static s => new EventListener(s.GetRequiredService<ContentStore>().Hear))
            .AddSingleton<Collector>().AddSingleton<Garbage>().AddSingleton<Inventory>().AddSingleton<Usage>().AddSingleton<DigestLeases>().AddSingleton<Explanations>().AddSingleton<Leases>().AddHostedService<UploadSweeper>().AddHostedService<OrphanSweeper>();
    }
}
