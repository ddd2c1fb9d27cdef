using Wharf.Server.Hosting;
using Wharf.Server.Outbox;
using Wharf.Server.Work;
using Wharf.Storage;
using Wharf.Storage.Local;

namespace Wharf.Server.Content;

internal static class ContentSetup
{
    public static void AddContent(this WebApplicationBuilder builder) => builder.Services
        .AddSingleton<IBlobDriver>(static s => new LocalDriver(s.GetRequiredService<DataDirectory>().File("storage")))
        .AddSingleton<ContentStore>().AddSingleton<Uploads>()
        .AddSingleton(static s => new EventListener(s.GetRequiredService<ContentStore>().Hear))
        .AddSingleton<Leases>().AddHostedService<UploadSweeper>();
}
