using Wharf.Server.Content;
using Wharf.Server.Hosting.Settings;
using Wharf.Server.Outbox;

namespace Wharf.Server.OAuth;

internal static class OAuthSetup
{
    public static void AddOAuth(this WebApplicationBuilder builder)
    {
        builder.AddSection<OAuthOptions>("OAuth");
        builder.Services
            .AddSingleton<OAuthTokenStore>().AddSingleton<ApplicationStore>().AddSingleton<AssignmentStore>().AddSingleton<ConsentStore>()
            .AddSingleton(static s => new EventListener(s.GetRequiredService<OAuthTokenStore>().Hear))
            .AddSingleton(new NamespacePurge(ApplicationStore.PurgeAsync))
            .AddHostedService<OAuthSweeper>();
    }
}
