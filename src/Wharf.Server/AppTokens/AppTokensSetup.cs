using Wharf.Server.Outbox;

namespace Wharf.Server.AppTokens;

internal static class AppTokensSetup
{
    public static void AddAppTokens(this WebApplicationBuilder builder) => builder.Services
        .AddSingleton<AppTokenStore>()
        .AddSingleton(static s => new EventListener(s.GetRequiredService<AppTokenStore>().Hear))
        .AddHostedService<AppTokenSweeper>();
}
