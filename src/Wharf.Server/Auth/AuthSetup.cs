using Wharf.Server.Hosting.Admin;
using Wharf.Server.Hosting.Settings;
using Wharf.Server.Outbox;

namespace Wharf.Server.Auth;

internal static class AuthSetup
{
    public static void AddAuth(this WebApplicationBuilder builder)
    {
        builder.AddSection<AuthOptions>("Auth");
        builder.Services
            .AddSingleton<SigningKeys>().AddSingleton<RegistryTokens>().AddSingleton<MacKeys>().AddSingleton<OpaqueTokens>().AddSingleton<EncryptedPasswords>().AddSingleton<LoginThrottle>().AddSingleton<Authenticator>()
            .AddSingleton<Permissions>().AddSingleton<KeyRotation>()
            .AddSingleton<SessionStore>().AddSingleton<Sessions>().AddSingleton<LastUses>()
            .AddHostedService(static s => s.GetRequiredService<LastUses>()).AddHostedService<SessionSweeper>()
            .AddSingleton(static s => new EventListener(s.GetRequiredService<SessionStore>().Hear))
            .AddSingleton(static s => new EventListener(s.GetRequiredService<Permissions>().Hear))
            .AddSingleton(new AdminCommand("keys.rotate", static (services, _, ct) => services.GetRequiredService<KeyRotation>().RunAsync(ct)));
    }
}
