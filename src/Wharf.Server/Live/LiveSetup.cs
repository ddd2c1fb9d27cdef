using Wharf.Server.Data;
using Wharf.Server.Hosting;
using Wharf.Server.Hosting.Settings;
using Wharf.Server.Outbox;

namespace Wharf.Server.Live;

internal static class LiveSetup
{
    public static void AddLive(this WebApplicationBuilder builder)
    {
        builder.AddSection<LiveOptions>("Live");
        builder.Services.AddSingleton<LiveEvents>().AddSingleton<LiveInterests>();
        if (builder.UsesPostgres())
            builder.Services.AddSingleton(static s => new EventListener(s.GetRequiredService<LiveEvents>().Hear));
        else if (builder.Has(Role.Web))
            builder.Services.AddHostedService<LiveTail>();
    }
}
