using Wharf.Server.Content;

namespace Wharf.Server.Immutability;

internal static class ImmutabilitySetup
{
    public static void AddImmutability(this WebApplicationBuilder builder) => builder.Services
        .AddSingleton<PolicyStore>().AddSingleton<PolicyApplier>().AddSingleton<PolicyWorker>().AddHostedService(static s => s.GetRequiredService<PolicyWorker>())
        .AddSingleton<IChangeRule, ImmutabilityRule>()
        .AddSingleton(new NamespacePurge(PolicyStore.PurgeAsync));
}
